# SPDX-License-Identifier: LGPL-2.1-or-later
# Where everything is installed. Only the library (the component vfio) can be installed below any prefix: the rest is read
# by others, and by the programs themselves, in directories that no configuration changes.
if(CMAKE_INSTALL_PREFIX_INITIALIZED_TO_DEFAULT)
  set(CMAKE_INSTALL_PREFIX /usr CACHE PATH "Only the component vfio can be installed below another prefix" FORCE)
endif()
include(GNUInstallDirs)

set(REFUSED_PATH "cannot work: dbus reads its policy only in /usr/share/dbus-1 and /etc/dbus-1, polkit its actions in \
/usr/share/polkit-1, initramfs-tools its hooks in /usr/share/initramfs-tools, dracut its modules in /usr/lib/dracut, and \
bindd its policies in /usr/lib/bindd and /etc/bindd. Configure with -DCMAKE_INSTALL_PREFIX=/usr; DESTDIR= installs into \
another root, and `cmake --install DIR --component vfio --prefix ANY` the library alone.")
foreach(path IN ITEMS PREFIX=/usr FULL_SYSCONFDIR=/etc FULL_LOCALSTATEDIR=/var FULL_DATADIR=/usr/share)
  string(REPLACE "=" ";" path ${path})
  list(GET path 0 name)
  list(GET path 1 needed)
  cmake_path(COMPARE "${CMAKE_INSTALL_${name}}" EQUAL "${needed}" is_as_needed)
  if(NOT is_as_needed)
    message(FATAL_ERROR "CMAKE_INSTALL_${name} is ${CMAKE_INSTALL_${name}}, which ${REFUSED_PATH}")
  endif()
endforeach()
# `cmake --install --prefix` comes later and moves the files, but not the paths within them.
install(CODE "if(NOT CMAKE_INSTALL_PREFIX STREQUAL \"/usr\")
  message(FATAL_ERROR \"The prefix \${CMAKE_INSTALL_PREFIX} ${REFUSED_PATH}\")
endif()")

# What users install is stripped. Distributions build with the type None and keep the debug information in packages of its own.
if(CMAKE_BUILD_TYPE MATCHES "^(Release|RelWithDebInfo|MinSizeRel)$")
  install(CODE "set(CMAKE_INSTALL_DO_STRIP ON)" ALL_COMPONENTS)
endif()
