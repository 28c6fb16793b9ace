// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/hash.hpp"
#include "base/number.hpp"
#include "bindd/bus/lease_record.hpp"
#include "binding/codec/messages.hpp"
#include "binding/codec/record.hpp"
#include "binding/journal/history.hpp"
#include "binding/journal/journal.hpp"
#include "binding/mdevctl/mdev_definition.hpp"
#include "binding/report/history_report.hpp"
#include "binding/report/host_snapshot.hpp"
#include "policy/udev/udev_rules.hpp"
#include "policy/yaml/parse_policy.hpp"
#include "policy/yaml/policy_writer.hpp"
#include "sysfs/device/inventory.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/device/pci_ids.hpp"
#include "sysfs/device/serial.hpp"
#include "sysfs/device/udev_db.hpp"
#include "sysfs/device/vgpu.hpp"
#include "sysfs/host/kernel_cmdline.hpp"
#include "sysfs/host/user_lookup.hpp"
#include "sysfs/module/aliases.hpp"
#include "sysfs/module/drivers.hpp"
#include "sysfs/net/captured_net.hpp"
#include "sysfs/net/captured_routes.hpp"
#include "sysfs/net/tcp_table.hpp"
#include "sysfs/usage/mount_line.hpp"
#include "sysfs/usage/process.hpp"
#include "sysfs/usage/usage.hpp"
#include "tests/fuzz/fuzz_host.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/udev_rules_syntax.hpp"
#include "vfioctl/exchange/import_driverctl.hpp"
#include "vfioctl/exchange/import_mdevctl.hpp"
#include "vfioctl/exchange/import_modprobe.hpp"
#include "vfioctl/exchange/libvirt_domains.hpp"
#include "vfioctl/exchange/pci_id_list.hpp"

/// Every parser of bytes that come from elsewhere, one entry each: `--parser=NAME` selects it. Each
/// returns for any bytes, in bounded time and memory; what it accepts keeps its promises.
namespace {

const FuzzHost& host() {
    static const FuzzHost made;
    return made;
}

void fuzz_names(std::string_view text) {
    const std::string value(text);
    (void)base::parse_kernel_number(text);
    (void)base::parse_hex(text, text.size() % 9);
    (void)sysfs::parse_pci_address_loosely(text);
    (void)sysfs::parse_vgpu_type(text);
    (void)binding::parse_uuid_loosely(text);
    (void)sysfs::parse_node_number(sysfs::NodeKind::kBlock, text);
    for (const auto& parse :
         {sysfs::parse_driver_name, sysfs::parse_module_name, sysfs::parse_bus_name,
          sysfs::parse_kernel_name, sysfs::parse_device_name, sysfs::parse_mdev_type})
        if (const auto name = parse(text))
            require(!name->empty() && *name != "." && *name != ".." &&
                        name->find('/') == std::string::npos,
                    "a name leads nowhere else");
    const std::size_t half = text.size() / 2;
    const auto a = text.substr(0, half);
    const auto b = text.substr(half);
    require(!sysfs::device_name_less(a, b) || !sysfs::device_name_less(b, a),
            "names have an order");
}

void fuzz_vpd(std::string_view bytes) {
    for (const auto& serial : {sysfs::vpd_serial(bytes), sysfs::dsn_serial(bytes)})
        for (const char c : serial.value_or(""))
            require(c >= ' ' && c < 0x7f, "a serial number is printable");
}

void fuzz_pci_ids(std::string_view text) {
    const sysfs::PciIds ids(text);
    for (const auto& name : {ids.vendor(0x8086), ids.device(0x8086, 0x10d3), ids.base_class(2),
                             ids.subsystem(0x8086, 0x10d3, 0x1028, 0x8086), ids.subclass(2, 0)})
        require(!name || name->find('\n') == name->npos, "a name is one line");
}

void fuzz_mount_lines(std::string_view text) {
    host().write("/proc/1/mountinfo", text);
    (void)sysfs::for_each_line(host().root.path("/proc/1/mountinfo"), [](std::string_view line) {
        const auto mount = sysfs::parse_mount_line(line);
        require(!mount || sysfs::unescape_field(mount->target).size() <= line.size(),
                "unescaping makes shorter");
    });
}

void fuzz_maps(std::string_view text) {
    host().write("/proc/7/maps", text);
    (void)sysfs::read_mappings(sysfs::process_dir(host().root, 7),
                               [](const sysfs::FileMapping& each) {
                                   require(!each.path.empty(), "a mapping has a file");
                               });
}

void fuzz_tcp(std::string_view text) {
    for (const sysfs::TcpConnection& each : sysfs::parse_tcp_table(text))
        require(!each.local.empty() && !each.peer.empty(), "both ends have an address");
}

void fuzz_routes(std::string_view text) {
    host().write("/proc/net/route", text);
    host().write("/proc/net/ipv6_route", text);
    host().write("/proc/net/if_inet6", text);
    const sysfs::NetTables tables = sysfs::read_captured_net(host().root);
    (void)sysfs::captured_route_to(host().root, tables, "192.0.2.7");
    (void)sysfs::captured_route_to(host().root, tables, "2001:db8::7");
}

void fuzz_cmdline(std::string_view text) {
    for (const sysfs::KernelArgument& each : sysfs::parse_kernel_arguments(text))
        require(each.key.size() + each.value.size() <= text.size(), "words are of the line");
    (void)sysfs::is_disabled_on_cmdline(text, sysfs::BootStage::kInitrd);
}

void fuzz_udev_db(std::string_view text) {
    host().write("/run/udev/data/+pci:0000:01:00.0", text);
    (void)sysfs::read_udev_record(host().root, "+pci:0000:01:00.0");
}

void fuzz_aliases(std::string_view text) {
    for (const sysfs::ModuleAlias& each : sysfs::parse_aliases(text))
        (void)sysfs::count_wildcards(each.pattern);
    (void)sysfs::parse_builtin_aliases(text);
    (void)sysfs::modules_matching(text, "pci:v00008086d000010D3sv0sd0bc02sc00i00");
    host().write("/etc/passwd", text);
    (void)sysfs::user_id(host().root, "kvm");
}

void fuzz_mdev(std::string_view text) {
    const std::string uuid = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";
    const auto parsed = binding::parse_mdev_definition(uuid, "mtty", text);
    if (!parsed)
        return;
    const auto again = binding::parse_mdev_definition(uuid, "mtty", to_file_text(*parsed));
    require(again && *again == *parsed, "what is written is read as it was");
}

/// Lines without their checksum, which no input would ever have.
void fuzz_journal(std::string_view text) {
    binding::JournalState state;
    while (!text.empty()) {
        const std::string json(text.substr(0, text.find('\n')));
        text.remove_prefix(std::min(text.size(), json.size() + 1));
        const auto record =
            binding::decode_record(base::to_hex(base::fnv1a_32(json), 8) + " " + json);
        if (!record)
            continue;
        state.apply(*record);
        const auto again = binding::decode_record(binding::encode_record(*record));
        require(again && *again == *record, "a record is read as it was written");
    }
    for (const binding::Record& record : state.records())
        require(binding::decode_record(binding::encode_record(record)).has_value(),
                "a compacted journal can be read");
}

void fuzz_history(std::string_view text) {
    host().write("/var/lib/bindd/history", text);
    const binding::StateDir state = binding::StateDir::below(host().root);
    (void)binding::latest_history(state);
    const auto entries = binding::read_history(state);
    require(entries.has_value(), "a torn history is read");
    (void)binding::history_json(*entries).dump(-1, ' ', false,
                                               binding::Json::error_handler_t::replace);
    (void)binding::parse_history(std::string(text));
}

void fuzz_lease(std::string_view text) {
    host().write("/run/bindd/leases/claim-1", text);
    (void)bindd::read_lease_records(host().root.path("/run/bindd/leases"));
}

void fuzz_message(std::string_view text) {
    (void)binding::decode_message_id(text);
    const auto envelope = binding::decode_message(text);
    if (!envelope)
        return;
    const std::string line = binding::encode_message(*envelope);
    require(line.find('\n') == line.npos, "a message is one line");
    const auto again = binding::decode_message(line);
    require(again && binding::encode_message(*again) == line, "and read as it was written");
}

void fuzz_snapshot(std::string_view text) {
    (void)binding::parse_snapshot(std::string(text));
}

void fuzz_libvirt(std::string_view text) {
    (void)vfioctl::parse_hostdevs(text);
}

/// What is imported is a policy that the parser takes.
void check_import(const vfioctl::ImportResult& result) {
    const std::vector<policy::SourceFile> files = {{"imported", policy::emit(result.set)}};
    const policy::Parsed parsed = policy::parse_set(files);
    require(result.set.rules.empty() || files[0].text.size() > policy::kMaxFileBytes || parsed.ok(),
            "an imported policy is accepted: " + policy::render(parsed.diagnostics));
}

void fuzz_modprobe(std::string_view text) {
    host().write("/etc/modprobe.d/a.conf", text);
    host().write("/proc/cmdline", text);
    check_import(vfioctl::import_modprobe(host().root));
    (void)vfioctl::parse_pci_id_entry(text);
}

void fuzz_driverctl(std::string_view text) {
    host().write("/etc/driverctl.d/pci-0000:01:00.0", text);
    check_import(vfioctl::import_driverctl(host().root));
}

void fuzz_mdevctl(std::string_view text) {
    host().write("/etc/mdevctl.d/mtty/83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", text);
    check_import(vfioctl::import_mdevctl(host().root));
}

/// A policy by someone who may write policies, made into rules that udev runs as root.
void fuzz_udev_rules(std::string_view text) {
    const std::vector<policy::SourceFile> files = {{"fuzz.yaml", std::string(text)}};
    const policy::Parsed parsed = policy::parse_set(files);
    if (!parsed.ok())
        return;
    sysfs::Drivers drivers;
    const policy::UdevRules rules = policy::udev_rules(parsed.set, drivers, {});
    const std::string problem = find_udev_syntax_error(rules.text);
    require(problem.empty(), "udev takes every line: " + problem);
}

void fuzz_tree(std::string_view text) {
    host().write_tree(text);
    const auto inventory = sysfs::read_inventory(
        host().root, {.serial = true, .properties = true, .slots = true, .resets = true});
    if (!inventory)
        return;
    std::vector<sysfs::DeviceId> ids;
    for (const auto& device : inventory->devices)
        ids.push_back(device.id);
    (void)sysfs::read_usage(host().root, *inventory, ids);
    (void)sysfs::read_drivers(host().root, {});
}

struct ParserEntry {
    const char* name;
    void (*run)(std::string_view);
};

constexpr ParserEntry kParsers[] = {{"names", fuzz_names},
                                    {"vpd", fuzz_vpd},
                                    {"pci-ids", fuzz_pci_ids},
                                    {"mountinfo", fuzz_mount_lines},
                                    {"maps", fuzz_maps},
                                    {"tcp", fuzz_tcp},
                                    {"routes", fuzz_routes},
                                    {"cmdline", fuzz_cmdline},
                                    {"udev-db", fuzz_udev_db},
                                    {"aliases", fuzz_aliases},
                                    {"mdev", fuzz_mdev},
                                    {"journal", fuzz_journal},
                                    {"history", fuzz_history},
                                    {"lease", fuzz_lease},
                                    {"message", fuzz_message},
                                    {"snapshot", fuzz_snapshot},
                                    {"libvirt", fuzz_libvirt},
                                    {"modprobe", fuzz_modprobe},
                                    {"driverctl", fuzz_driverctl},
                                    {"mdevctl", fuzz_mdevctl},
                                    {"udev-rules", fuzz_udev_rules},
                                    {"tree", fuzz_tree}};

void (*selected)(std::string_view) = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
    constexpr std::string_view kOption = "--parser=";
    for (int i = 1; i < *argc; ++i)
        for (const ParserEntry& each : kParsers)
            if (std::string(kOption) + each.name == (*argv)[i])
                selected = each.run;
    require(selected != nullptr, "--parser=NAME names a parser");
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    // A block of exactly this size, so that a sanitizer reports any access outside.
    const std::string text(reinterpret_cast<const char*>(bytes), size);
    selected(text);
    return 0;
}
