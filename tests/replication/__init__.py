"""kevy and servers of other makes that copy each other."""
