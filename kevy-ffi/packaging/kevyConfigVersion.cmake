# While the major version is 0, programs built against an earlier 0.x run with a later one: functions are only added.

set(PACKAGE_VERSION "@VERSION@")

if(PACKAGE_FIND_VERSION VERSION_GREATER PACKAGE_VERSION)
  set(PACKAGE_VERSION_COMPATIBLE FALSE)
else()
  string(REGEX MATCH "^[0-9]+" _kevy_major "${PACKAGE_VERSION}")
  if("${PACKAGE_FIND_VERSION_MAJOR}" STREQUAL "${_kevy_major}" OR "${PACKAGE_FIND_VERSION}" STREQUAL "")
    set(PACKAGE_VERSION_COMPATIBLE TRUE)
  else()
    set(PACKAGE_VERSION_COMPATIBLE FALSE)
  endif()
  if(PACKAGE_FIND_VERSION VERSION_EQUAL PACKAGE_VERSION)
    set(PACKAGE_VERSION_EXACT TRUE)
  endif()
  unset(_kevy_major)
endif()
