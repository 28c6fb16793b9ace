// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/file_io.hpp"
#include "base/utf8.hpp"
#include "tests/fake/temp_dir.hpp"
#include "tests/unit/vfioctl/harness/exchange_hosts.hpp"
#include "tests/unit/vfioctl/harness/hostile_host.hpp"
#include "tests/unit/vfioctl/harness/sample_hosts.hpp"
#include "tests/unit/vfioctl/harness/vfioctl_process.hpp"
#include "vfioctl/cli/command_table.hpp"

/// A host whose texts are hostile: every line of every file that is no number, and names of network
/// interfaces, slots, drivers, types, mount points and policy files. No command of the table prints
/// a control character, an override of the direction of writing or what is not UTF-8.
namespace tests {
namespace {

using Words = std::vector<std::string>;

struct HostileHost {
    void (*write)(const std::string& root);
    Words devices;  ///< the first of them where a command takes one
};

const std::vector<HostileHost>& hosts() {
    static const std::vector<HostileHost> kHosts = {
        {write_workstation, {"0000:02:00.0", "0000:03:00.0", "0000:01:00.0"}},
        {write_server, {"0000:5e:00.0", "0000:5e:00.2", "0000:65:00.0"}},
        {write_mdev_host, {"83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "mdev_parent/mtty"}},
        {write_external_managers, {"0000:02:00.0", "0000:03:00.0"}},
        {write_exports, {"0000:5e:00.2", "platform/*"}},
        {write_healthy, {"0000:03:00.0"}},
    };
    return kHosts;
}

enum class Takes { kNothing, kOneDevice, kDevices };

/// How each command of the table is called; further ones with its options. A file is below FILES.
struct Calls {
    Takes takes = Takes::kNothing;
    std::vector<Words> arguments = {{}};
};

const std::map<std::string, Calls>& calls() {
    static const std::string uuid = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1003";
    static const std::map<std::string, Calls> kCalls = {
        {"list",
         {Takes::kNothing,
          {{"-a"},
           {"-o",
            "ADDRESS,VENDOR,DEVICE,SUBSYSTEM,OVERRIDE,RULE,WHERE,REASON,SLOT,PATH,SERIAL,NETDEVS,"
            "MODALIAS,MANAGER,DRIVER"}}}},
        {"show", {Takes::kDevices}},
        {"groups", {Takes::kNothing, {{}, {"--tree"}}}},
        {"explain", {Takes::kOneDevice}},
        {"plan", {}},
        {"apply", {}},
        {"bind", {Takes::kDevices, {{"--dry-run"}, {"--dry-run", "--driver", "x" + kHostile}, {}}}},
        {"release", {Takes::kDevices, {{"--dry-run"}, {"--forget"}, {}}}},
        {"rollback", {Takes::kNothing, {{"--dry-run"}, {"--dry-run", "t" + kHostile}}}},
        {"history", {}},
        {"status", {}},
        {"monitor", {}},
        {"reload", {}},
        {"probe", {Takes::kOneDevice}},
        {"mdev types", {Takes::kNothing, {{}, {"--dumpjson"}, {"-p", kHostile}}}},
        {"mdev list", {Takes::kNothing, {{}, {"-dv"}, {"-d", "--dumpjson"}, {"--dumpjson"}}}},
        {"mdev define",
         {Takes::kNothing,
          {{"-u", uuid, "-p", "mtty", "-t", "t" + kHostile}, {"-u", uuid, "-p", kHostile}}}},
        {"mdev undefine", {Takes::kNothing, {{"-u", uuid}}}},
        {"mdev modify",
         {Takes::kNothing,
          {{"-u", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "--addattr", kHostile, "--value", "1"}}}},
        {"mdev start", {Takes::kNothing, {{"-u", uuid, "-p", "mtty", "-t", kHostile}}}},
        {"mdev stop", {Takes::kNothing, {{"-u", uuid}}}},
        {"sriov", {Takes::kOneDevice, {{"2", "--dry-run"}, {kHostile}}}},
        {"policy check", {Takes::kNothing, {{}, {"FILES/" + kHostile + ".yaml"}}}},
        {"policy edit", {Takes::kNothing, {{"--yes"}, {"--yes", "FILES/" + kHostile + ".yaml"}}}},
        {"policy show", {}},
        {"policy generate", {}},
        {"policy schema", {}},
        {"import driverctl", {Takes::kNothing, {{}, {"-o", "FILES/a" + kHostile}}}},
        {"import mdevctl", {}},
        {"import modprobe", {}},
        {"export libvirt", {Takes::kDevices}},
        {"export qemu", {Takes::kDevices}},
        {"export cdi", {Takes::kDevices, {{}, {"--kind", kHostile}}}},
        {"aliases", {Takes::kNothing, {{}, {"--udev"}}}},
        {"doctor", {}},
        {"capture", {Takes::kNothing, {{"FILES/a" + kHostile + ".tar"}}}},
    };
    return kCalls;
}

void expect_harmless(const std::string& text, const std::string& of) {
    EXPECT_EQ(base::find_invalid_utf8(text), std::string::npos) << of << "\n" << text;
    for (std::string_view rest = text; !rest.empty();) {
        const base::CodePoint point = base::next_code_point(rest);
        if (point.bytes == 0)
            return;
        if (base::is_control(point.value) && point.value != '\n') {
            ADD_FAILURE() << of << " prints " << static_cast<unsigned>(point.value) << "\n" << text;
            return;
        }
        rest.remove_prefix(point.bytes);
    }
}

void expect_harmless_call(Words words, const std::string& root, bool as_json) {
    std::string of;
    for (std::string& word : words) {
        if (const std::size_t at = word.find("FILES"); at != std::string::npos)
            word.replace(at, 5, root + "/tmp");
        of += word + " ";
    }
    words.insert(words.begin(), {"--root", root, "--direct"});
    if (as_json)
        words.insert(words.begin(), "--json");
    const ProcessOutput output = run_vfioctl(words, root, {"VISUAL=true"});
    EXPECT_LE(output.status, 10) << of << output.err;
    expect_harmless(output.out, of);
    expect_harmless(output.err, of + "(stderr)");
    if (as_json && output.out.starts_with('{')) {
        EXPECT_TRUE(nlohmann::json::accept(output.out)) << of;
    }
}

void call_everything_on(const HostileHost& host, void (*make_hostile)(const std::string& root)) {
    const fake::TempDir directory;
    const std::string& root = directory.path();
    host.write(root);
    make_hostile(root);
    for (const vfioctl::Command& command : vfioctl::commands()) {
        const auto found = calls().find(std::string(command.name));
        ASSERT_NE(found, calls().end()) << command.name << " has no call in this test";
        for (const Words& arguments : found->second.arguments) {
            Words words;
            for (std::size_t at = 0; at != std::string::npos;) {
                const std::size_t end = command.name.find(' ', at);
                words.emplace_back(command.name.substr(at, end - at));
                at = end == std::string::npos ? end : end + 1;
            }
            if (found->second.takes == Takes::kOneDevice)
                words.push_back(host.devices.front());
            if (found->second.takes == Takes::kDevices)
                words.insert(words.end(), host.devices.begin(), host.devices.end());
            words.insert(words.end(), arguments.begin(), arguments.end());
            expect_harmless_call(words, root, false);
            expect_harmless_call(words, root, true);
        }
    }
}

class HostileTextOn : public testing::TestWithParam<std::size_t> {};

TEST_P(HostileTextOn, IsEscapedByEveryCommand) {
    call_everything_on(hosts()[GetParam()], make_lines_hostile);
}

TEST_P(HostileTextOn, InNamesIsEscapedByEveryCommand) {
    call_everything_on(hosts()[GetParam()], add_hostile_names);
}

TEST(HostileText, OfAnAttributeOutlivesDumpjsonAndDefine) {
    const std::string uuid = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1008";
    const fake::TempDir root;
    write_mdev_host(root.path());
    const std::string file = root.path() + "/mdev.json";
    const std::string value = R"(\"\u001b[31m\u009b\u202e\u200f\u2028 \\ \u00fc)";
    const auto define = [&](const std::string& text) {
        ASSERT_TRUE(base::replace_file(file, text, 0644, base::Durability::kUnsynced));
        const ProcessOutput output = run_vfioctl({"--root", root.path(), "mdev", "define", "-u",
                                                  uuid, "-p", "mtty", "--jsonfile", file});
        ASSERT_EQ(output.status, 0) << output.err;
    };
    const auto dumped = [&] {
        return run_vfioctl({"--root", root.path(), "mdev", "list", "-d", "--dumpjson", uuid}).out;
    };
    define(R"({"mdev_type":"mtty-1","start":"manual","attrs":[{"a":")" + value + "\"}]}");
    const std::string first = dumped();
    const auto json = nlohmann::json::parse(first);
    ASSERT_EQ(json["attrs"][0]["a"], nlohmann::json::parse("\"" + value + "\"")) << first;
    ASSERT_EQ(run_vfioctl({"--root", root.path(), "mdev", "undefine", "-u", uuid}).status, 0);
    define(first);
    EXPECT_EQ(dumped(), first);
}

INSTANTIATE_TEST_SUITE_P(Hosts, HostileTextOn, testing::Range(std::size_t{0}, hosts().size()));

}  // namespace
}  // namespace tests
