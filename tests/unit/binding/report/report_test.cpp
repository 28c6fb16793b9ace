// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/report/device_report.hpp"
#include "binding/report/plan_report.hpp"

#include <nlohmann/json.hpp>

#include "policy/yaml/parse_policy.hpp"
#include "tests/unit/binding/test_host.hpp"

namespace binding {
namespace {

using Json = nlohmann::ordered_json;
using policy::StepResult;
using policy::Verdict;

constexpr const char* kPolicy = R"(version: 1
rules:
  - name: guest-nic
    priority: 10
    match: { vendor: "8086", class: network }
    driver: auto
  - name: other
    match: { vendor: "10de" }
    driver: auto
)";

struct Decided {
    policy::PolicySet set;
    sysfs::Inventory inventory;
    policy::Decisions decisions;
    policy::Plan plan;

    explicit Decided(const fake::Host& host) : inventory(host.inventory()) {
        const std::vector<policy::SourceFile> files = {{"a.yaml", kPolicy}};
        policy::Parsed parsed = policy::parse_set(files);
        EXPECT_TRUE(parsed.ok()) << policy::render(parsed.diagnostics);
        set = std::move(parsed.set);
        const sysfs::Drivers drivers = host.drivers();
        decisions = policy::decide(set, inventory, drivers);
        plan = policy::make_plan(set, decisions, inventory, drivers, host.usage());
    }
    [[nodiscard]] const sysfs::Device& device(const std::string& name) const {
        return *inventory.find(pci_id(name));
    }
    [[nodiscard]] const policy::Decision* decision(const std::string& name) const {
        const auto at = decisions.find(pci_id(name));
        return at == decisions.end() ? nullptr : &at->second;
    }
};

fake::Host nic_host() {
    fake::Host host;
    host.pci("0000:01:00.0")
        .nic()
        .subsystem("8086", "a01f")
        .revision("03")
        .group(15)
        .numa(1)
        .driver("e1000e");
    return host;
}

TEST(Report, TellsEveryFieldOfADevice) {
    const Decided decided(nic_host());
    const auto state =
        device_state(decided.device("0000:01:00.0"), decided.decision("0000:01:00.0"),
                     &decided.plan.transactions.at(0));
    const Json json = device_json(decided.device("0000:01:00.0"), {"Intel Corporation", ""},
                                  decided.decision("0000:01:00.0"), state);
    EXPECT_EQ(json.dump(2), R"({
  "bus": "pci",
  "address": "0000:01:00.0",
  "vendor": "8086",
  "device": "10d3",
  "subsystem_vendor": "8086",
  "subsystem_device": "a01f",
  "class": "020000",
  "revision": "03",
  "vendor_name": "Intel Corporation",
  "device_name": null,
  "driver": "e1000e",
  "driver_override": null,
  "iommu_group": 15,
  "numa_node": 1,
  "boot_vga": null,
  "vfio": null,
  "wanted": {
    "driver": "vfio-pci",
    "rule": "guest-nic",
    "where": "a.yaml:3"
  },
  "state": "pending",
  "reason": "not applied yet",
  "note": null,
  "modalias": "pci:v00008086d000010D3sv00008086sd0000A01Fbc02sc00i00",
  "path": "pci0000:01/00.0",
  "slot": null,
  "serial": null,
  "netdevs": [],
  "rule": "guest-nic",
  "where": "a.yaml:3"
})");
}

TEST(Report, TellsAbsentThingsAsNullAndBytesAsText) {
    sysfs::Device device;
    device.id = {"platform",
                 "a\xff"
                 "b"};
    device.vfio = sysfs::VfioNodes{.group = "15", .cdev = std::nullopt};
    const Json json = device_json(device, {}, nullptr, device_state(device, nullptr, nullptr));
    EXPECT_EQ(json.dump(),
              "{\"bus\":\"platform\",\"address\":\"a\xEF\xBF\xBD"
              "b\",\"vendor\":null,"
              "\"device\":null,\"subsystem_vendor\":null,\"subsystem_device\":null,\"class\":null,"
              "\"revision\":null,\"vendor_name\":null,\"device_name\":null,\"driver\":null,"
              "\"driver_override\":null,\"iommu_group\":null,\"numa_node\":null,\"boot_vga\":null,"
              "\"vfio\":{\"group\":\"15\",\"cdev\":null},\"wanted\":null,\"state\":\"unmanaged\","
              "\"reason\":null,\"note\":null,\"modalias\":null,\"path\":null,\"slot\":null,"
              "\"serial\":null,"
              "\"netdevs\":[],\"rule\":null,\"where\":null}");
}

TEST(Report, TellsAGroupWithWhoBlocksIt) {
    fake::Host host = nic_host();
    host.pci("0000:01:00.1").audio().group(15).driver("snd_hda_intel");
    const Decided decided(host);
    const Json json = group_json(decided.inventory.groups.at(15));
    EXPECT_EQ(json.dump(),
              R"({"id":15,"type":"DMA-FQ","devices":["0000:01:00.0","0000:01:00.1"],)"
              R"("viable":false,"blockers":[{"address":"0000:01:00.0","driver":"e1000e",)"
              R"("why":"bound to e1000e, which does DMA for the host"},)"
              R"({"address":"0000:01:00.1","driver":"snd_hda_intel",)"
              R"("why":"bound to snd_hda_intel, which does DMA for the host"}]})");
}

TEST(Report, TellsAPlanBeforeAndAfter) {
    TestHost fixture(fake::KernelState::from(nic_host()));
    const Decided decided(nic_host());
    EXPECT_EQ(plan_json(decided.plan).dump(2), R"({
  "transactions": [
    {
      "group": 15,
      "verdict": "change",
      "devices": [
        "0000:01:00.0"
      ],
      "steps": [
        {
          "op": "load_module",
          "device": "0000:01:00.0",
          "value": "vfio_pci",
          "result": null,
          "module": null,
          "error": null
        },
        {
          "op": "set_override",
          "device": "0000:01:00.0",
          "value": "vfio-pci",
          "result": null,
          "module": null,
          "error": null
        },
        {
          "op": "unbind",
          "device": "0000:01:00.0",
          "value": "e1000e",
          "result": null,
          "module": null,
          "error": null
        },
        {
          "op": "bind",
          "device": "0000:01:00.0",
          "value": "vfio-pci",
          "result": null,
          "module": null,
          "error": null
        }
      ],
      "reasons": [],
      "result": null,
      "error": null,
      "changes": [
        {
          "device": "0000:01:00.0",
          "from": "e1000e",
          "to": "vfio-pci",
          "module": "vfio_pci",
          "rule": "guest-nic",
          "where": "a.yaml:3",
          "taken_along": false
        }
      ],
      "notes": []
    }
  ],
  "summary": {
    "change": 1,
    "ok": 0,
    "refused": 0,
    "conflict": 0,
    "failed": 0,
    "stuck": 0
  }
})");
    const Json done = plan_json(fixture.apply(decided.plan));
    EXPECT_EQ(done["transactions"][0]["result"], "done");
    for (const Json& step : done["transactions"][0]["steps"])
        EXPECT_EQ(step["result"], "done") << step.dump();
}

TEST(Report, TellsWhyAPlanIsRefused) {
    fake::Host host = nic_host();
    host.used("0000:01:00.0", sysfs::UseKind::kDefaultRoute, "a default route leaves through it",
              "default via 10.0.0.1 dev eth0");
    const Decided decided(host);
    const Json json = plan_json(decided.plan);
    EXPECT_EQ(json["transactions"][0]["verdict"], "refused");
    const Json& reason = json["transactions"][0]["reasons"][0];
    EXPECT_EQ(reason["code"], "default-route");
    EXPECT_EQ(reason["device"], "0000:01:00.0");
    EXPECT_EQ(reason["evidence"], "default via 10.0.0.1 dev eth0");
    EXPECT_EQ(reason["forceable"], true);
    EXPECT_EQ(json["summary"]["refused"], 1);
    const auto state =
        device_state(decided.device("0000:01:00.0"), decided.decision("0000:01:00.0"),
                     &decided.plan.transactions.at(0));
    EXPECT_EQ(state.state, "refused");
    EXPECT_TRUE(state.reason.value_or("").starts_with("default-route: ")) << *state.reason;
}

TEST(Report, ExplainsRulesFieldByFieldAndTheChain) {
    const Decided decided(nic_host());
    const Json json =
        explain_json(decided.device("0000:01:00.0"), decided.set, *decided.decision("0000:01:00.0"),
                     &decided.plan.transactions.at(0), decided.inventory);
    EXPECT_EQ(json["device"], "0000:01:00.0");
    EXPECT_EQ(json["winner"], "guest-nic");
    EXPECT_EQ(json["verdict"], "change");
    EXPECT_EQ(json["reasons"], Json::array());
    ASSERT_EQ(json["rules"].size(), 2U);
    EXPECT_EQ(json["rules"][0]["name"], "guest-nic");
    EXPECT_EQ(json["rules"][0]["where"], "a.yaml:3");
    EXPECT_EQ(json["rules"][0]["priority"], 10);
    EXPECT_EQ(json["rules"][0]["matched"], true);
    EXPECT_EQ(json["rules"][1]["matched"], false);
    EXPECT_EQ(json["rules"][1]["fields"][0].dump(),
              R"({"key":"vendor","wanted":"10de","actual":"8086","ok":false})");
    ASSERT_EQ(json["chain"].size(), 1U);
    EXPECT_EQ(json["chain"][0]["driver"], "vfio-pci");
    EXPECT_EQ(json["chain"][0]["module"], "vfio_pci");
    EXPECT_EQ(json["chain"][0]["fate"], "use");
}

TEST(Report, KnowsEveryStateOfADevice) {
    const Decided decided(nic_host());
    const sysfs::Device& device = decided.device("0000:01:00.0");
    const policy::Decision* decision = decided.decision("0000:01:00.0");
    policy::Transaction transaction = decided.plan.transactions.at(0);
    const auto state = [&] { return device_state(device, decision, &transaction).state; };
    EXPECT_EQ(state(), "pending");
    transaction.error = "why";
    const std::vector<std::pair<StepResult, std::string>> results = {
        {StepResult::kDone, "bound"},      {StepResult::kRolledBack, "failed"},
        {StepResult::kFailed, "failed"},   {StepResult::kStuck, "stuck"},
        {StepResult::kSkipped, "pending"},
    };
    for (const auto& [result, expected] : results) {
        transaction.result = result;
        EXPECT_EQ(state(), expected);
    }
    transaction.result.reset();
    transaction.verdict = Verdict::kOk;
    EXPECT_EQ(state(), "bound");
    transaction.verdict = Verdict::kConflict;
    EXPECT_EQ(state(), "conflict");
    EXPECT_EQ(device_state(device, decision, nullptr).state, "bound");
    EXPECT_EQ(device_state(device, nullptr, nullptr).state, "unmanaged");
    policy::Decision protect = *decision;
    protect.outcome = policy::DecisionOutcome::kProtected;
    EXPECT_EQ(device_state(device, &protect, nullptr).state, "unmanaged");
    policy::Decision conflict = *decision;
    conflict.outcome = policy::DecisionOutcome::kConflict;
    EXPECT_EQ(device_state(device, &conflict, nullptr).state, "conflict");
}

}  // namespace
}  // namespace binding
