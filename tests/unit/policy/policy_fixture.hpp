// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "policy/decide/decide.hpp"
#include "policy/plan/plan.hpp"
#include "policy/yaml/parse_policy.hpp"
#include "tests/fake/host.hpp"

/// The fixture of the tests of matching, deciding and planning: policies as YAML, and results as
/// text, so that a test asserts the whole result.
namespace policy_test {

/// Parses `yaml` (without its `version:`) as the file "p.yaml"; line 1 is the first line of `yaml`.
/// Errors fail the test, warnings do not.
[[nodiscard]] policy::PolicySet policies(const std::string& yaml);

/// A host with one network card, on its native driver.
[[nodiscard]] fake::Host nic_host();
constexpr const char* kTakeNics = "rules: [{name: nics, match: {class: network}, driver: auto}]";

/// A host with policies in force; renders decisions and plans.
class PolicyFixture {
  public:
    PolicyFixture(const fake::Host& host, const std::string& yaml)
        : set(policies(yaml)),
          inventory(host.inventory()),
          drivers(host.drivers()),
          usage(host.usage()),
          decisions(policy::decide(set, inventory, drivers)) {}

    policy::PolicySet set;
    sysfs::Inventory inventory;
    sysfs::Drivers drivers;
    sysfs::Usage usage;
    policy::Decisions decisions;

    [[nodiscard]] const sysfs::Device& device(const std::string& address) const;
    [[nodiscard]] const policy::Decision& decision(const std::string& address) const;
    /// "wanted guest-gpu: rule guest-gpu (p.yaml:2)".
    [[nodiscard]] std::string decided(const std::string& address) const;
    /// One line a link: "use vfio-pci [vfio_pci] from generic: comes with the module vfio_pci".
    [[nodiscard]] std::string chain(const std::string& address) const;
    [[nodiscard]] policy::Plan make_plan(const policy::ForcedReasons& forced = {}) const;
    [[nodiscard]] std::string plan(const policy::ForcedReasons& forced = {}) const;
    void ask(const std::string& address, const policy::Rule& rule);
};

/// A transaction per paragraph: "group 15: change", its steps, its reasons with a '!' ('?' when
/// they can be forced).
[[nodiscard]] std::string to_text(const policy::Plan& plan);

}  // namespace policy_test
