// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/model/policy_model.hpp"
#include "sysfs/device/inventory.hpp"

namespace policy {

/// How to approximate what udev cannot test.
enum class Approximation {
    kInclude,  ///< the flag is set whenever the match could hold
    kExclude,  ///< ... only when it holds for certain
};

/// Writes a match on a PCI device as lines of udev rules, which set a flag in a temporary property.
/// udev has no "or" beyond one key's alternatives and no "not" beyond one key, so each combinator
/// has a flag of its own.
class UdevMatch {
  public:
    /// `next` numbers the flags of one file and is incremented.
    UdevMatch(const sysfs::Host& host, unsigned& next) : host_(host), next_(next) {}

    /// Appends the lines; returns the flag's condition, `ENV{.BINDD_7}=="1"`.
    [[nodiscard]] std::string write(const Match& match, Approximation approximation,
                                    std::string& out);

    /// The keys that udev cannot test, each once ("netdev", "pf"); empty: the lines are exact.
    [[nodiscard]] const std::vector<std::string>& unsupported() const { return unsupported_; }

  private:
    /// A key's condition; an empty one holds always; nothing: it never does.
    using Condition = std::optional<std::string>;

    [[nodiscard]] std::string new_flag();
    [[nodiscard]] Condition field(const FieldTest& test, Approximation approximation);
    [[nodiscard]] Condition approximate(const std::string& key, Approximation approximation);
    [[nodiscard]] Condition alternatives(const FieldTest& test, const std::string& key,
                                         const std::vector<std::string>& patterns,
                                         Approximation approximation);
    [[nodiscard]] Condition presence(const FieldTest& test, const std::string& file);
    [[nodiscard]] std::string any(const std::vector<Match>& list, Approximation approximation,
                                  std::string& out);

    const sysfs::Host& host_;
    unsigned& next_;
    std::vector<std::string> unsupported_;
};

/// A comment line; control characters become '?'.
[[nodiscard]] std::string udev_comment(const std::string& text);

/// Does udev read the text literally between quotes?
[[nodiscard]] bool is_udev_literal(const std::string& text);

}  // namespace policy
