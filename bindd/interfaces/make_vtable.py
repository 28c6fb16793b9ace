# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the sd-bus vtable of a D-Bus interface: make_vtable.py org.bindd1.Device.xml device_vtable.hpp

Every method and property becomes a value of an enum, so that a switch over it which misses one does not compile.
XML that the vtable cannot express is an error."""

import os
import sys
import xml.etree.ElementTree as ElementTree

EMITS_CHANGED = "org.freedesktop.DBus.Property.EmitsChangedSignal"
FLAGS = {"true": "SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE", "const": "SD_BUS_VTABLE_PROPERTY_CONST"}


def require(condition, element, problem):
    if not condition:
        sys.exit(f"{sys.argv[1]}: {element.tag} {element.get('name')}: {problem}")


def arguments(method, direction):
    found = "".join(f', "{arg.get("type")}", {arg.get("name")}' for arg in method if arg.get("direction") == direction)
    kind = {"in": "ARGS", "out": "RESULT"}[direction]
    return f"SD_BUS_{kind}({found[2:]})" if found else f"SD_BUS_NO_{kind}"


def method_entry(noun, method):
    for arg in method:
        require(arg.tag == "arg" and arg.get("direction") in ("in", "out"), method, "has something other than arguments")
    name = method.get("name")
    return (f'    SD_BUS_METHOD_WITH_ARGS("{name}", {arguments(method, "in")}, {arguments(method, "out")},\n'
            f"                            (&call_method<Found, {noun}Method::k{name}>), SD_BUS_VTABLE_UNPRIVILEGED),\n")


def emits_changed(prop):
    for annotation in prop:
        require(annotation.tag == "annotation" and annotation.get("name") == EMITS_CHANGED
                and annotation.get("value") in FLAGS, prop, "has an unknown annotation")
    return prop[0].get("value") if len(prop) else "true"


def property_entry(noun, prop):
    require(prop.get("access") == "read", prop, "is writable; a method must set it")
    name = prop.get("name")
    return (f'    SD_BUS_PROPERTY("{name}", "{prop.get("type")}", (&get_property<Found, {noun}Property::k{name}>), 0, '
            f"{FLAGS[emits_changed(prop)]}),\n")


def enum(name, members):
    return f"enum class {name} {{\n" + "".join(f"    k{each.get('name')},\n" for each in members) + "};\n\n"


def header(source, interface):
    name = interface.get("name")
    noun = name.rsplit(".", 1)[1]
    for member in interface:
        require(member.tag in ("method", "property"), member, "is not supported in a vtable")
    methods = interface.findall("method")
    properties = interface.findall("property")
    changing = [each.get("name") for each in properties if emits_changed(each) == "true"]
    return f"""// Generated from {source}.
#pragma once

#include <systemd/sd-bus.h>

#include <array>
#include <utility>

#include "bindd/interfaces/fallback_objects.hpp"

namespace bindd {{

inline constexpr const char* k{noun}Interface = "{name}";

{enum(noun + "Method", methods) if methods else ""}{enum(noun + "Property", properties)}\
/// The properties whose changes are signalled.
inline constexpr std::array k{noun}Changing = {{
{"".join(f'    std::pair{{{noun}Property::k{each}, "{each}"}},{chr(10)}' for each in changing)}}};

/// `Found` is the type of what FallbackObjects::find() returns.
template <typename Found>
inline const sd_bus_vtable k{noun}Vtable[] = {{
    SD_BUS_VTABLE_START(0),
{"".join(method_entry(noun, each) for each in methods)}{"".join(property_entry(noun, each) for each in properties)}\
    SD_BUS_VTABLE_END,
}};

}}  // namespace bindd
"""


def main():
    source, output = sys.argv[1:]
    interfaces = ElementTree.parse(source).getroot().findall("interface")
    assert len(interfaces) == 1, "one interface a file"
    text = header(os.path.basename(source), interfaces[0])
    with open(output, "w", encoding="utf-8") as file:
        file.write(text)


main()
