// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/exchange/libvirt_domains.hpp"

#include <charconv>
#include <optional>

#include "base/file_io.hpp"
#include "base/path.hpp"

/// These files are written by libvirt itself, always in one form, so a few tags and their
/// attributes are looked for; it is no reader of XML. What it does not recognise it passes over.
namespace vfioctl {
namespace {

constexpr const char* kDrivers[] = {"qemu", "libxl"};

/// The value of `name` in a tag such as "<address domain='0x0000' bus='0x01'/>"; either quote.
std::optional<std::string> attribute(std::string_view tag, std::string_view name) {
    for (const char quote : {'\'', '"'}) {
        const std::string wanted = " " + std::string(name) + "=" + quote;
        const std::size_t at = tag.find(wanted);
        if (at == std::string_view::npos)
            continue;
        const std::size_t first = at + wanted.size();
        const std::size_t last = tag.find(quote, first);
        if (last != std::string_view::npos)
            return std::string(tag.substr(first, last - first));
    }
    return std::nullopt;
}

/// The first tag that begins with `opening` in `xml`, up to its '>'; empty if there is none.
std::string_view tag(std::string_view xml, std::string_view opening) {
    const std::size_t at = xml.find(opening);
    if (at == std::string_view::npos)
        return {};
    const std::size_t end = xml.find('>', at);
    return xml.substr(at, end == std::string_view::npos ? 0 : end - at + 1);
}

std::optional<std::uint32_t> hex_attribute(std::string_view address, std::string_view name) {
    const std::string text = attribute(address, name).value_or("");
    const std::size_t skip = text.starts_with("0x") ? 2 : 0;
    std::uint32_t value = 0;
    const auto [end, error] =
        std::from_chars(text.data() + skip, text.data() + text.size(), value, 16);
    if (text.size() == skip || error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

std::optional<sysfs::DeviceId> pci_device(std::string_view address) {
    const auto domain = hex_attribute(address, "domain");
    const auto bus = hex_attribute(address, "bus");
    const auto slot = hex_attribute(address, "slot");
    const auto function = hex_attribute(address, "function");
    if (!bus || *bus > 0xff || !slot || *slot > 0x1f || !function || *function > 7)
        return std::nullopt;
    const sysfs::PciAddress at{.domain = domain.value_or(0),
                               .bus = static_cast<std::uint8_t>(*bus),
                               .slot = static_cast<std::uint8_t>(*slot),
                               .function = static_cast<std::uint8_t>(*function)};
    return sysfs::DeviceId{"pci", at.text()};
}

/// The device of "<hostdev ...> ... </hostdev>" (or of an interface that is one): its <source>
/// names it; the <address> behind that is the guest's.
std::optional<LibvirtHostdev> parse_hostdev(std::string_view element) {
    const std::string_view head = element.substr(0, element.find('>'));
    const std::size_t source = element.find("<source>");
    if (source == std::string_view::npos)
        return std::nullopt;
    const std::string_view inner =
        element.substr(source, element.find("</source>", source) - source);
    const std::string_view address = tag(inner, "<address");
    const auto uuid = sysfs::parse_uuid(attribute(address, "uuid").value_or(""));
    const auto device = uuid ? std::optional(sysfs::DeviceId{"mdev", *uuid}) : pci_device(address);
    if (!device)
        return std::nullopt;
    return LibvirtHostdev{.domain = {},
                          .state = LibvirtHostdev::DomainState::kDefined,
                          .managed = attribute(head, "managed") == "yes"
                                         ? LibvirtHostdev::ManagedMode::kYes
                                         : LibvirtHostdev::ManagedMode::kNo,
                          .device = *device,
                          .path = {}};
}

void collect(std::string_view xml, std::string_view opening, std::string_view closing,
             std::vector<LibvirtHostdev>& out) {
    for (std::size_t at = xml.find(opening); at != std::string_view::npos;
         at = xml.find(opening, at + 1)) {
        const std::size_t end = xml.find(closing, at);
        if (end == std::string_view::npos)
            return;
        if (auto hostdev = parse_hostdev(xml.substr(at, end - at)))
            out.push_back(*std::move(hostdev));
    }
}

void read_directory(const sysfs::Root& root, const std::string& directory,
                    LibvirtHostdev::DomainState state, std::vector<LibvirtHostdev>& out) {
    for (const std::string& file : base::list_directory(root.path(directory))) {
        if (!file.ends_with(".xml"))
            continue;
        const std::string path = directory + "/" + file;
        const auto text = base::read_file(root.path(path));
        for (LibvirtHostdev& hostdev : parse_hostdevs(text.value_or(""))) {
            hostdev.domain = file.substr(0, file.size() - 4);
            hostdev.state = state;
            hostdev.path = path;
            out.push_back(std::move(hostdev));
        }
    }
}

}  // namespace

std::vector<LibvirtHostdev> parse_hostdevs(std::string_view xml) {
    std::vector<LibvirtHostdev> out;
    collect(xml, "<hostdev ", "</hostdev>", out);
    collect(xml, "<interface type='hostdev'", "</interface>", out);
    return out;
}

std::vector<LibvirtHostdev> read_libvirt_hostdevs(const sysfs::Root& root) {
    std::vector<LibvirtHostdev> out;
    for (const std::string driver : kDrivers) {
        read_directory(root, "/run/libvirt/" + driver, LibvirtHostdev::DomainState::kRunning, out);
        read_directory(root, "/etc/libvirt/" + driver, LibvirtHostdev::DomainState::kDefined, out);
    }
    return out;
}

}  // namespace vfioctl
