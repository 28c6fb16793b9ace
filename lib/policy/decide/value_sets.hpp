// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "policy/model/policy_model.hpp"

namespace policy {

/// One wanted value of one key: an alternative of a FieldTest.
struct WantedValue {
    Field field;
    std::string key;   ///< of property and attr
    std::string word;  ///< as FieldTest has it; for vf empty when `range` says it
    IndexRange range;
    SourceLocation where;

    /// "vendor: 10de", "attr.label: x".
    [[nodiscard]] std::string text() const;
};

/// Is there no value that both words accept? False when that is not certain (two globs). A device
/// has one value of each key but of `netdev`, which is never exclusive.
[[nodiscard]] bool excludes(const WantedValue& a, const WantedValue& b);

/// Does `wide` accept every value that `narrow` accepts? False when that is not certain.
[[nodiscard]] bool covers(const WantedValue& wide, const WantedValue& narrow);

}  // namespace policy
