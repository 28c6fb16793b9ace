// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "vfioctl/context/command.hpp"
#include "vfioctl/render/list_columns.hpp"

namespace vfioctl {

/// Which devices `list` shows, and in which order: the value of an option is a list of which any
/// may hold; every option that is given must hold.
class ListFilters {
  public:
    /// An unknown class, state, column or the like is a kUsage.
    [[nodiscard]] static CliResult<ListFilters> parse(const Arguments& arguments);

    [[nodiscard]] bool empty() const { return conditions_.empty() && !only_ours_; }
    /// Removes the rows that do not match and sorts the others.
    void apply(std::vector<ListRow>& rows) const;

  private:
    struct ListCondition {
        bool (*matches)(const ListRow&, const std::string& value);
        std::vector<std::string> values;
    };
    struct SortKey {
        const ListColumn* column;
        bool descending;
    };
    [[nodiscard]] bool matches(const ListRow& row) const;

    std::vector<ListCondition> conditions_;
    bool only_ours_ = false;
    std::vector<SortKey> sort_;
};

}  // namespace vfioctl
