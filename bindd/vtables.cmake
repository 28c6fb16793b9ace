# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes sd-bus vtables of an interface's XML: cmake -DINPUT=org.bindd1.Device.xml -DOUTPUT=device_vtable.hpp -P vtables.cmake
#
# For the interfaces that thousands of objects have. An object of sdbus-c++ costs 9 KiB and a third of a millisecond,
# which is 36 MiB for 4,096 devices; one fallback vtable serves them all. Every method and property becomes a value of an enum, so
# that a switch over it which misses one does not compile.
file(READ ${INPUT} xml)
string(REGEX REPLACE ";" "" xml "${xml}")
string(REGEX MATCHALL "<[^>]*>" tokens "${xml}")

function(attribute token name result)
  if(token MATCHES " ${name}=\"([^\"]*)\"")
    set(${result} "${CMAKE_MATCH_1}" PARENT_SCOPE)
  else()
    set(${result} "" PARENT_SCOPE)
  endif()
endfunction()

set(methods)
set(properties)
set(entries)
foreach(token IN LISTS tokens)
  if(token MATCHES "^<interface ")
    attribute("${token}" name interface)
    string(REGEX REPLACE ".*[.]" "" noun ${interface})
  elseif(token MATCHES "^<method ")
    attribute("${token}" name method)
    string(APPEND methods "    k${method},\n")
    set(in)
    set(out)
  elseif(token MATCHES "^<arg ")
    attribute("${token}" name name)
    attribute("${token}" type type)
    attribute("${token}" direction direction)
    string(APPEND ${direction} ", \"${type}\", ${name}")
  elseif(token STREQUAL "</method>")
    foreach(side in out)
      if(${side})
        string(REGEX REPLACE "^, " "" ${side} "${${side}}")
      endif()
    endforeach()
    if(in)
      set(in "SD_BUS_ARGS(${in})")
    else()
      set(in SD_BUS_NO_ARGS)
    endif()
    if(out)
      set(out "SD_BUS_RESULT(${out})")
    else()
      set(out SD_BUS_NO_RESULT)
    endif()
    string(APPEND entries "    SD_BUS_METHOD_WITH_ARGS(\"${method}\", ${in}, ${out},\n"
           "                            (&Of::template call<${noun}Method::k${method}>), SD_BUS_VTABLE_UNPRIVILEGED),\n")
  elseif(token MATCHES "^<property ")
    attribute("${token}" name property)
    attribute("${token}" type type)
    attribute("${token}" access access)
    if(NOT access STREQUAL "read")
      message(FATAL_ERROR "${INPUT}: ${property}: what can be written has to be a method")
    endif()
    set(flags SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)
    string(APPEND properties "    k${property},\n")
    if(token MATCHES "/>$")
      string(APPEND entries "    SD_BUS_PROPERTY(\"${property}\", \"${type}\", (&Of::template get<${noun}Property::k${property}>), 0, ${flags}),\n")
    endif()
  elseif(token MATCHES "EmitsChangedSignal\" value=\"const\"")
    set(flags SD_BUS_VTABLE_PROPERTY_CONST)
  elseif(token STREQUAL "</property>")
    string(APPEND entries "    SD_BUS_PROPERTY(\"${property}\", \"${type}\", (&Of::template get<${noun}Property::k${property}>), 0, ${flags}),\n")
  endif()
endforeach()

get_filename_component(source ${INPUT} NAME)
set(method_enum)
if(methods)
  set(method_enum "enum class ${noun}Method {\n${methods}};\n\n")
endif()
file(WRITE ${OUTPUT} "// Generated from ${source}.
#pragma once

#include <systemd/sd-bus.h>

namespace bindd {

inline constexpr const char* k${noun}Interface = \"${interface}\";

${method_enum}enum class ${noun}Property {
${properties}};

/// `Of` has the handlers: call<${noun}Method>, a sd_bus_message_handler_t, and get<${noun}Property>, a
/// sd_bus_property_get_t.
template <typename Of>
inline const sd_bus_vtable k${noun}Vtable[] = {
    SD_BUS_VTABLE_START(0),
${entries}    SD_BUS_VTABLE_END,
};

}  // namespace bindd
")
