# SPDX-License-Identifier: LGPL-2.1-or-later
# What other programs build against: libbindd-vfio.so.0, headers below bindd/, pkg-config and CMake files.
include(CMakePackageConfigHelpers)

add_library(bindd-vfio SHARED $<TARGET_OBJECTS:vfio_objects> $<TARGET_OBJECTS:sysfs_device> $<TARGET_OBJECTS:base_core>)
target_link_libraries(bindd-vfio PRIVATE bindd_compile_options PUBLIC tl::expected)
target_link_options(bindd-vfio PRIVATE LINKER:--exclude-libs,ALL LINKER:--as-needed LINKER:--gc-sections LINKER:-z,defs)
set_target_properties(bindd-vfio PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION 0)
target_include_directories(bindd-vfio INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/bindd>)
target_compile_features(bindd-vfio INTERFACE cxx_std_20)

install(TARGETS bindd-vfio EXPORT bindd-vfio LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT vfio)
install(DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/include/vfio DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/bindd COMPONENT vfio)
# vfio::Result, vfio::Error and vfio::UniqueFd are declared here.
install(FILES ${PROJECT_SOURCE_DIR}/lib/base/result.hpp ${PROJECT_SOURCE_DIR}/lib/base/unique_fd.hpp
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/bindd/base COMPONENT vfio)

set(VFIO_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/bindd-vfio)
install(EXPORT bindd-vfio NAMESPACE bindd:: FILE bindd-vfio-targets.cmake DESTINATION ${VFIO_PACKAGE_DIR} COMPONENT vfio)
configure_package_config_file(bindd-vfio-config.cmake.in bindd-vfio-config.cmake INSTALL_DESTINATION ${VFIO_PACKAGE_DIR})
write_basic_package_version_file(bindd-vfio-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/bindd-vfio-config.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/bindd-vfio-config-version.cmake DESTINATION ${VFIO_PACKAGE_DIR} COMPONENT vfio)

configure_file(bindd-vfio.pc.in bindd-vfio.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/bindd-vfio.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT vfio)

find_program(SCDOC scdoc)
if(SCDOC)
  add_custom_command(
    OUTPUT bindd-vfio.7
    COMMAND sh -c "${SCDOC} < ${CMAKE_CURRENT_SOURCE_DIR}/bindd-vfio.7.scd > bindd-vfio.7"
    DEPENDS bindd-vfio.7.scd
    VERBATIM)
  add_custom_target(vfio_man ALL DEPENDS bindd-vfio.7)
  # Optional: who builds the library alone may install it without.
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/bindd-vfio.7 DESTINATION ${CMAKE_INSTALL_MANDIR}/man7 COMPONENT vfio OPTIONAL)
endif()
