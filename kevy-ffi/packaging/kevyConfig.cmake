# find_package(kevy) gives the targets kevy::kevy (shared) and kevy::static.

get_filename_component(_kevy_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

if(NOT TARGET kevy::kevy)
  add_library(kevy::kevy SHARED IMPORTED)
  set_target_properties(kevy::kevy PROPERTIES
    IMPORTED_LOCATION "${_kevy_prefix}/lib/libkevy.so.@VERSION@"
    IMPORTED_SONAME "libkevy.so.0"
    INTERFACE_INCLUDE_DIRECTORIES "${_kevy_prefix}/include")
endif()

if(NOT TARGET kevy::static)
  find_package(Threads REQUIRED)
  add_library(kevy::static STATIC IMPORTED)
  set_target_properties(kevy::static PROPERTIES
    IMPORTED_LOCATION "${_kevy_prefix}/lib/libkevy.a"
    INTERFACE_INCLUDE_DIRECTORIES "${_kevy_prefix}/include"
    INTERFACE_LINK_LIBRARIES "Threads::Threads;${CMAKE_DL_LIBS};m")
endif()

unset(_kevy_prefix)
