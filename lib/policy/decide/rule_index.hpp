// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "policy/model/policy_model.hpp"

namespace policy {

/// Finds the rules that could match a device without testing each one. A rule that names addresses,
/// a PF's address, ids or classes is in the buckets of those values; the others are in one list for
/// every device. The index only excludes rules that cannot match: the caller still tests the rest.
/// Rules are identified by their place in the vector, which must outlive the index.
class RuleIndex {
  public:
    explicit RuleIndex(const std::vector<Rule>& rules);

    /// Places of the rules that could match, ascending. `out` is reused from call to call.
    void candidates(const sysfs::Device& device, std::vector<std::uint32_t>& out) const;

  private:
    std::unordered_map<std::string, std::vector<std::uint32_t>> by_name_;
    std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> by_number_;
    std::vector<std::uint32_t> rest_;
};

}  // namespace policy
