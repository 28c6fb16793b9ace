# SPDX-License-Identifier: LGPL-2.1-or-later
# Cross builds for the guests that are not x86: cross.sh says which (LAB_TRIPLET) and with whose libraries (LAB_SYSROOT).
# The C and C++ libraries are the cross compiler's own, so the sysroot has none and is not the compiler's --sysroot.
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES LAB_TRIPLET LAB_SYSROOT)
set(CMAKE_SYSTEM_NAME Linux)
string(REGEX REPLACE "-.*" "" CMAKE_SYSTEM_PROCESSOR ${LAB_TRIPLET})
set(CMAKE_CXX_COMPILER ${LAB_TRIPLET}-g++)
set(CMAKE_LIBRARY_ARCHITECTURE ${LAB_TRIPLET})

set(CMAKE_CXX_FLAGS_INIT "-isystem ${LAB_SYSROOT}/usr/include -isystem ${LAB_SYSROOT}/usr/include/${LAB_TRIPLET}")
foreach(dir usr/lib/${LAB_TRIPLET} lib/${LAB_TRIPLET})
  string(APPEND CMAKE_EXE_LINKER_FLAGS_INIT " -L${LAB_SYSROOT}/${dir} -Wl,-rpath-link,${LAB_SYSROOT}/${dir}")
endforeach()
set(CMAKE_SHARED_LINKER_FLAGS_INIT "${CMAKE_EXE_LINKER_FLAGS_INIT}")

set(CMAKE_FIND_ROOT_PATH ${LAB_SYSROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

set(ENV{PKG_CONFIG_SYSROOT_DIR} ${LAB_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${LAB_SYSROOT}/usr/lib/${LAB_TRIPLET}/pkgconfig:${LAB_SYSROOT}/usr/share/pkgconfig)
