// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/decide/contradiction.hpp"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "policy/decide/value_sets.hpp"
#include "policy/model/match_bus.hpp"

/// A match is a list of choices: each key chooses one of its values, each `any` one of its matches.
/// It can hold when there is a way through all choices in which no two values exclude each other
/// and no `not` follows from the values taken. The search tries the ways one after the other, and a
/// match with too many of them counts as one that can hold.
namespace policy {
namespace {

constexpr unsigned kMostSteps = 2'000;

/// Of which device a value is: the matched one, or its PF.
enum class Subject { kDevice, kPf };

struct MatchCondition {
    Subject subject;
    WantedValue value;
    std::string written = {};  ///< what it follows from; empty: it is written itself

    [[nodiscard]] std::string text() const {
        return written.empty() ? (subject == Subject::kPf ? "pf." : "") + value.text() : written;
    }
};
using MatchConditions = std::vector<MatchCondition>;

struct SubMatch {
    Subject subject;
    const Match* match;
};
using Choice = std::vector<std::variant<MatchCondition, SubMatch>>;

MatchCondition fact(Subject subject, Field field, const char* word, const SourceLocation& where,
                    const std::string& written) {
    return {subject, {field, {}, word, {}, where}, written};
}

std::vector<WantedValue> values(const FieldTest& test) {
    std::vector<WantedValue> out;
    for (const std::string& word : test.wanted)
        out.push_back({test.field, test.key, word, {}, test.where});
    if (test.field == Field::kVf) {
        out.clear();
        for (const IndexRange& range : test.ranges)
            out.push_back({test.field, {}, {}, range, test.where});
    }
    return out;
}

/// What else holds for a device with this value. A VF has no SR-IOV capability of its own, and only
/// PCI has VFs (sriov_init() in drivers/pci/iov.c).
MatchConditions consequences(const MatchCondition& condition) {
    const Subject subject = condition.subject;
    const WantedValue& value = condition.value;
    const auto also = [&](Field field, const char* word) {
        return fact(subject, field, word, value.where, condition.text());
    };
    if (value.field == Field::kVf || (value.field == Field::kIsVf && value.word == "true"))
        return {also(Field::kIsVf, "true"), also(Field::kIsPf, "false"), also(Field::kBus, "pci")};
    if ((value.field == Field::kIsPf && value.word == "true") || value.field == Field::kBootVga)
        return {also(Field::kBus, "pci")};
    return {};
}

/// An interface is registered by the device's driver, and the PCI core shows boot_vga for display
/// controllers and for VGA devices older than classes (pci_is_vga()).
bool keys_exclude(const WantedValue& a, const WantedValue& b) {
    if (a.field == Field::kDriver && a.word == "none" && b.field == Field::kNetdev)
        return true;
    if (a.field != Field::kBootVga || b.field != Field::kClass)
        return false;
    const auto is = [&](const char* pattern) {
        return !excludes(b, {Field::kClass, {}, pattern, {}, {}});
    };
    return !is("03") && !is("0001");
}

class Search {
  public:
    explicit Search(const Match& match) {
        if (!names_bus(match))
            choices_.push_back({fact(Subject::kDevice, Field::kBus, "pci", match.where,
                                     "bus: pci (the default)")});
        add({Subject::kDevice, &match});
        std::stable_sort(choices_.begin(), choices_.end(),
                         [](const Choice& a, const Choice& b) { return a.size() < b.size(); });
    }

    [[nodiscard]] bool can_hold() { return choose(0); }
    /// Does `wide` hold on every way through the choices?
    [[nodiscard]] bool always_holds(const Match& wide) {
        nots_.push_back({Subject::kDevice, &wide});
        return !choose(0);
    }
    [[nodiscard]] Contradiction first() { return first_.value_or(Contradiction{}); }

  private:
    void add(const SubMatch& part) {
        for (const FieldTest& test : part.match->fields) {
            Choice choice;
            for (WantedValue& value : values(test))
                choice.emplace_back(MatchCondition{part.subject, std::move(value)});
            choices_.push_back(std::move(choice));
        }
        for (const Match& pf : part.match->pf) {
            choices_.push_back({fact(part.subject, Field::kIsVf, "true", pf.where, "pf")});
            choices_.push_back({fact(Subject::kPf, Field::kIsPf, "true", pf.where, "pf")});
            choices_.push_back({fact(Subject::kPf, Field::kIsVf, "false", pf.where, "pf")});
            add({Subject::kPf, &pf});
        }
        for (const Match& each : part.match->all)
            add({part.subject, &each});
        for (const std::vector<Match>& list : part.match->any) {
            Choice choice;
            for (const Match& each : list)
                choice.emplace_back(SubMatch{part.subject, &each});
            choices_.push_back(std::move(choice));
        }
        for (const Match& each : part.match->none)
            nots_.push_back({part.subject, &each});
    }

    bool choose(std::size_t at) {
        if (++steps_ > kMostSteps)
            return true;
        if (!no_not_follows())
            return false;
        if (at == choices_.size())
            return true;
        const Choice choice = choices_[at];
        const std::size_t taken = taken_.size();
        const std::size_t choices = choices_.size();
        const std::size_t nots = nots_.size();
        for (const auto& each : choice) {
            const auto* condition = std::get_if<MatchCondition>(&each);
            if (condition == nullptr)
                add(std::get<SubMatch>(each));
            if ((condition == nullptr || take(*condition)) && choose(at + 1))
                return true;
            taken_.resize(taken);
            choices_.resize(choices);
            nots_.resize(nots);
        }
        return false;
    }

    bool take(const MatchCondition& condition) {
        MatchConditions added = consequences(condition);
        added.insert(added.begin(), condition);
        for (const MatchCondition& each : added)
            for (const MatchCondition& other : taken_)
                if (conflict(each, other)) {
                    note({other.text() + " excludes " + condition.text(), condition.value.where});
                    return false;
                }
        taken_.insert(taken_.end(), added.begin(), added.end());
        return true;
    }

    static bool conflict(const MatchCondition& a, const MatchCondition& b) {
        return a.subject == b.subject &&
               (excludes(a.value, b.value) || keys_exclude(a.value, b.value) ||
                keys_exclude(b.value, a.value));
    }

    bool no_not_follows() {
        for (const SubMatch& part : nots_)
            if (follows(*part.match, part.subject)) {
                note({"its `not` excludes all that the rest of it matches", part.match->where});
                return false;
            }
        return true;
    }

    /// Does the match hold for every device with the values taken?
    [[nodiscard]] bool follows(const Match& match, Subject subject) const {
        const auto holds = [&](const Match& each) { return follows(each, subject); };
        return std::all_of(match.fields.begin(), match.fields.end(),
                           [&](const FieldTest& test) { return follows(test, subject); }) &&
               std::all_of(match.pf.begin(), match.pf.end(),
                           [&](const Match& pf) { return follows(pf, Subject::kPf); }) &&
               std::all_of(match.all.begin(), match.all.end(), holds) &&
               std::all_of(match.any.begin(), match.any.end(),
                           [&](const auto& list) {
                               return std::any_of(list.begin(), list.end(), holds);
                           }) &&
               std::all_of(match.none.begin(), match.none.end(),
                           [&](const Match& each) { return cannot_hold(each, subject); });
    }

    [[nodiscard]] bool follows(const FieldTest& test, Subject subject) const {
        const std::vector<WantedValue> wanted = values(test);
        return std::any_of(taken_.begin(), taken_.end(), [&](const MatchCondition& condition) {
            return condition.subject == subject &&
                   std::any_of(wanted.begin(), wanted.end(), [&](const WantedValue& value) {
                       return covers(value, condition.value);
                   });
        });
    }

    /// One of its keys has no value that goes with what is taken.
    [[nodiscard]] bool cannot_hold(const Match& match, Subject subject) const {
        return std::any_of(match.fields.begin(), match.fields.end(), [&](const FieldTest& test) {
            const std::vector<WantedValue> wanted = values(test);
            return std::all_of(wanted.begin(), wanted.end(), [&](const WantedValue& value) {
                return std::any_of(taken_.begin(), taken_.end(), [&](const MatchCondition& other) {
                    return conflict({subject, value}, other);
                });
            });
        });
    }

    void note(Contradiction contradiction) {
        if (!first_)
            first_ = std::move(contradiction);
    }

    std::vector<Choice> choices_;
    std::vector<SubMatch> nots_;
    MatchConditions taken_;
    std::optional<Contradiction> first_;
    unsigned steps_ = 0;
};

}  // namespace

std::optional<Contradiction> find_contradiction(const Match& match) {
    Search search(match);
    return search.can_hold() ? std::nullopt : std::optional(search.first());
}

bool implies(const Match& narrow, const Match& wide) {
    // The default bus is no key: `wide` must name its bus where `narrow` may be on another.
    if (!names_bus(wide) && !is_limited_to_pci(narrow))
        return false;
    return Search(narrow).always_holds(wide);
}

}  // namespace policy
