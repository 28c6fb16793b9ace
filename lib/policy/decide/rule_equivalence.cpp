// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/decide/rule_equivalence.hpp"

#include <algorithm>
#include <set>

namespace policy {
namespace {

bool same(const Match& a, const Match& b);

bool same(const std::vector<Match>& a, const std::vector<Match>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const Match& x, const Match& y) { return same(x, y); });
}

bool same(const FieldTest& a, const FieldTest& b) {
    return a.field == b.field && a.key == b.key && a.wanted == b.wanted && a.ranges == b.ranges;
}

/// The same text, in whatever place.
bool same(const Match& a, const Match& b) {
    return std::equal(a.fields.begin(), a.fields.end(), b.fields.begin(), b.fields.end(),
                      [](const FieldTest& x, const FieldTest& y) { return same(x, y); }) &&
           same(a.pf, b.pf) && same(a.all, b.all) && same(a.none, b.none) &&
           std::equal(a.any.begin(), a.any.end(), b.any.begin(), b.any.end(),
                      [](const auto& x, const auto& y) { return same(x, y); });
}

bool same(const MdevSpec& a, const MdevSpec& b) {
    return a.uuid == b.uuid && a.count == b.count && a.type == b.type && a.attrs == b.attrs;
}

std::set<std::string> sorted(const std::vector<std::string>& names) {
    return {names.begin(), names.end()};
}

}  // namespace

bool same_action(const Rule& a, const Rule& b) {
    return a.driver == b.driver && a.group.kind == b.group.kind &&
           same(a.group.listed, b.group.listed) &&
           sorted(a.in_use_allow) == sorted(b.in_use_allow) && a.access == b.access &&
           a.check == b.check && a.drift == b.drift && a.sriov_vfs == b.sriov_vfs &&
           a.attrs == b.attrs &&
           std::equal(a.mdevs.begin(), a.mdevs.end(), b.mdevs.begin(), b.mdevs.end(),
                      [](const MdevSpec& x, const MdevSpec& y) { return same(x, y); });
}

}  // namespace policy
