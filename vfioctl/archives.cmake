# SPDX-License-Identifier: LGPL-2.1-or-later
# `vfioctl list` takes a few milliseconds, and without this the dynamic loader has more than half of them. So what is
# installed has the libraries linked in that few others on a host use, where there are archives of them; while developing, a
# fast link matters more. What only Linux' own tools share (libkmod, libudev, libmount, libsmartcols) stays shared.
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  return()
endif()

# Without a symbol that is needed of it, --as-needed leaves the shared library out.
set_target_properties(fmt::fmt PROPERTIES INTERFACE_COMPILE_DEFINITIONS FMT_HEADER_ONLY)

find_library(YAML_CPP_ARCHIVE libyaml-cpp.a)
if(YAML_CPP_ARCHIVE)
  set(yaml_cpp yaml-cpp)
  if(NOT TARGET yaml-cpp)
    set(yaml_cpp yaml-cpp::yaml-cpp)
  endif()
  get_target_property(configurations ${yaml_cpp} IMPORTED_CONFIGURATIONS)
  foreach(configuration IN LISTS configurations)
    set_target_properties(${yaml_cpp} PROPERTIES IMPORTED_LOCATION_${configuration} ${YAML_CPP_ARCHIVE})
  endforeach()
endif()

get_target_property(libraries PkgConfig::NL INTERFACE_LINK_LIBRARIES)
set(archives)
foreach(library IN LISTS libraries)
  string(REGEX REPLACE "[.]so$" ".a" archive ${library})
  if(EXISTS ${archive})
    list(APPEND archives ${archive})
  else()
    list(APPEND archives ${library})
  endif()
endforeach()
set_target_properties(PkgConfig::NL PROPERTIES INTERFACE_LINK_LIBRARIES "${archives}")
