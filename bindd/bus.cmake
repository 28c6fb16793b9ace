# SPDX-License-Identifier: LGPL-2.1-or-later
# The daemon on the bus. The XML of each interface is its source. Interfaces with few objects get adaptors of sdbus-c++. Those with
# thousands get one sd-bus vtable for all objects: an object of sdbus-c++ takes 9 KiB and a third of a millisecond.
pkg_check_modules(SDBUS REQUIRED IMPORTED_TARGET sdbus-c++)
find_program(SDBUS_XML2CPP sdbus-c++-xml2cpp REQUIRED)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(GENERATED ${CMAKE_CURRENT_BINARY_DIR}/generated/bindd)
file(MAKE_DIRECTORY ${GENERATED})

function(bus_adaptor interface file)
  set(xml ${CMAKE_CURRENT_SOURCE_DIR}/org.bindd1.${interface}.xml)
  add_custom_command(
    OUTPUT ${GENERATED}/${file}
    COMMAND ${SDBUS_XML2CPP} ${xml} --adaptor=${GENERATED}/${file}
    DEPENDS ${xml}
    VERBATIM)
endfunction()

function(bus_vtable interface file)
  set(xml ${CMAKE_CURRENT_SOURCE_DIR}/org.bindd1.${interface}.xml)
  add_custom_command(
    OUTPUT ${GENERATED}/${file}
    COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/interfaces/make_vtable.py ${xml} ${GENERATED}/${file}
    DEPENDS ${xml} interfaces/make_vtable.py
    VERBATIM)
endfunction()

bus_adaptor(Manager manager_adaptor.hpp)
bus_adaptor(Job job_adaptor.hpp)
bus_vtable(Device device_vtable.hpp)
bus_vtable(Group group_vtable.hpp)
bus_vtable(MediatedDevice mdev_vtable.hpp)

add_library(bindd_bus STATIC
  interfaces/bus_service.cpp
  interfaces/property_values.cpp
  bus/authority.cpp
  bus/message.cpp
  bus/message_limit.cpp
  bus/caller.cpp
  bus/child_requests.cpp
  interfaces/device_objects.cpp
  interfaces/fallback_objects.cpp
  bus/bus_error.cpp
  interfaces/group_objects.cpp
  interfaces/documents.cpp
  interfaces/job_object.cpp
  bus/leases.cpp
  bus/lease_record.cpp
  interfaces/manager_object.cpp
  interfaces/mdev_objects.cpp
  bus/method_options.cpp
  bus/name_owner.cpp
  bus/object_path.cpp
  bus/inspection.cpp
  bus/job_submissions.cpp
  bus/requests.cpp
  bus/memory_trimmer.cpp
  ${GENERATED}/device_vtable.hpp
  ${GENERATED}/group_vtable.hpp
  ${GENERATED}/job_adaptor.hpp
  ${GENERATED}/manager_adaptor.hpp
  ${GENERATED}/mdev_vtable.hpp
)
target_include_directories(bindd_bus SYSTEM PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/generated)
target_link_libraries(bindd_bus PUBLIC bindd_core vfio PkgConfig::SYSTEMD PRIVATE bindd_optimize_size PkgConfig::SDBUS)

file(GLOB interfaces ${CMAKE_CURRENT_SOURCE_DIR}/org.bindd1.*.xml)
install(FILES ${interfaces} DESTINATION ${CMAKE_INSTALL_DATADIR}/dbus-1/interfaces)
install(FILES ${PROJECT_SOURCE_DIR}/systemd/org.bindd1.conf DESTINATION ${CMAKE_INSTALL_DATADIR}/dbus-1/system.d)
install(FILES ${PROJECT_SOURCE_DIR}/systemd/org.bindd1.service
        DESTINATION ${CMAKE_INSTALL_DATADIR}/dbus-1/system-services)
install(FILES ${PROJECT_SOURCE_DIR}/systemd/org.bindd1.policy DESTINATION ${CMAKE_INSTALL_DATADIR}/polkit-1/actions)

find_program(SCDOC scdoc)
if(SCDOC)
  add_custom_command(
    OUTPUT org.bindd1.5
    COMMAND sh -c "${SCDOC} < ${CMAKE_CURRENT_SOURCE_DIR}/org.bindd1.5.scd > org.bindd1.5"
    DEPENDS org.bindd1.5.scd
    VERBATIM)
  add_custom_target(bindd_bus_man ALL DEPENDS org.bindd1.5)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/org.bindd1.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
endif()
