// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/cli/completion.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <sstream>

#include "vfioctl/cli/command_options.hpp"
#include "vfioctl/cli/command_table.hpp"
#include "vfioctl/cli/completion_values.hpp"

namespace vfioctl {
namespace {

const Command* named_command(const std::vector<std::string>& words) {
    for (const Command& command : commands())
        if (!words.empty() && (words[0] == command.name ||
                               (words.size() > 1 && words[0] + " " + words[1] == command.name)))
            return &command;
    return nullptr;
}

/// Follows a line as parse_command_line() reads it, however wrong and incomplete it is.
class LineFollower {
  public:
    void take(const std::string& word) {
        if (awaiting_) {
            take_value(*std::exchange(awaiting_, std::nullopt), word);
        } else if (!only_words_ && word == "--") {
            only_words_ = true;
        } else if (!only_words_ && word.size() > 1 && word[0] == '-') {
            take_option(word);
        } else if (words_.empty() && word == "help") {
            is_help_ = true;
        } else {
            words_.push_back(word);
            command_ = named_command(words_);
        }
    }

    [[nodiscard]] CompletionPlace place(const std::string& last) {
        CompletionPlace out{
            .global = global_, .before = "", .word = last, .arguments = "", .values = {}};
        const std::size_t equals = last.find('=');
        if (awaiting_) {
            out.arguments = awaiting_->argument;
        } else if (!only_words_ && last.starts_with("--") && equals != std::string::npos) {
            if (const auto spec = find_option(last.substr(2, equals - 2)))
                out.arguments = spec->argument;
            out.before = last.substr(0, equals + 1);
            out.word = last.substr(equals + 1);
        } else if (!only_words_ && last.starts_with('-')) {
            for (const OptionSpec& spec : command_options())
                out.values.push_back({"--" + std::string(spec.name), std::string(spec.help)});
        } else if (command_ == nullptr) {
            out.values = command_words();
        } else if (!is_help_) {
            out.arguments = next_argument();
        }
        return out;
    }

  private:
    /// Before the command is known, an option may be any command's.
    [[nodiscard]] std::vector<OptionSpec> known_options() const {
        if (command_ != nullptr)
            return merged_options({command_});
        std::vector<const Command*> all;
        for (const Command& command : commands())
            if (command.name.starts_with("mdev ") == (!words_.empty() && words_[0] == "mdev"))
                all.push_back(&command);
        return merged_options(all);
    }

    [[nodiscard]] std::vector<OptionSpec> command_options() const {
        return command_ == nullptr ? global_options() : merged_options({command_});
    }

    [[nodiscard]] std::optional<OptionSpec> find_option(const std::string& name) const {
        for (const OptionSpec& spec : known_options())
            if (spec.name == name || (name.size() == 1 && spec.letter == name[0]))
                return spec;
        return std::nullopt;
    }

    void take_option(const std::string& word) {
        if (word.starts_with("--")) {
            const std::size_t equals = word.find('=');
            const auto spec = find_option(word.substr(2, equals - 2));
            if (!spec || spec->arity == OptionArity::kFlag)
                return;
            if (equals == std::string::npos)
                awaiting_ = spec;
            else
                take_value(*spec, word.substr(equals + 1));
            return;
        }
        for (std::size_t i = 1; i < word.size(); ++i) {
            const auto spec = find_option(word.substr(i, 1));
            if (!spec || spec->arity == OptionArity::kFlag)
                continue;
            if (i + 1 == word.size())
                awaiting_ = spec;
            return;  // the rest is its value
        }
    }

    void take_value(const OptionSpec& spec, const std::string& value) {
        if (spec.name == "root")
            global_.root.prefix = value.substr(0, value.find_last_not_of('/') + 1);
        if (spec.name == "policy")
            global_.policies.push_back(value);
    }

    /// The first words of commands, or the second ones of a family.
    [[nodiscard]] std::vector<CompletionPlace::Value> command_words() const {
        std::vector<CompletionPlace::Value> out;
        if (words_.size() > 1)
            return out;
        const std::string start = words_.empty() ? "" : words_[0] + " ";
        std::set<std::string> seen;
        for (const Command& command : commands()) {
            if (!command.name.starts_with(start))
                continue;
            const std::string rest(command.name.substr(start.size()));
            const std::string first = rest.substr(0, rest.find(' '));
            if (seen.insert(first).second)
                out.push_back({first, first == rest ? std::string(command.summary)
                                                    : first + " " + families(first)});
        }
        if (words_.empty() && !is_help_)
            out.push_back({"help", "help for the program or a command"});
        return out;
    }

    /// "check|show|generate".
    [[nodiscard]] static std::string families(const std::string& name) {
        std::string out;
        for (const Command* command : family(name))
            out += (out.empty() ? "" : "|") + std::string(command->name.substr(name.size() + 1));
        return out;
    }

    /// What the table says of the next word: "DEVICE N" has two, "DEVICE..." any number.
    [[nodiscard]] std::string next_argument() const {
        const auto name_words = 1 + std::count(command_->name.begin(), command_->name.end(), ' ');
        const std::size_t given = words_.size() - static_cast<std::size_t>(name_words);
        if (command_->most != kAnyNumber && given >= command_->most)
            return {};
        std::istringstream text{std::string(command_->words)};
        const std::vector<std::string> all{std::istream_iterator<std::string>(text), {}};
        if (all.empty())
            return {};
        std::string out = all[std::min(given, all.size() - 1)];
        std::erase_if(out, [](char c) { return c == '[' || c == ']'; });
        return out.substr(0, out.find('.'));
    }

    std::vector<std::string> words_;
    const Command* command_ = nullptr;
    std::optional<OptionSpec> awaiting_;
    bool only_words_ = false;  ///< after "--"
    bool is_help_ = false;
    GlobalOptions global_;
};

}  // namespace

CompletionPlace find_completion_place(const std::vector<std::string>& words) {
    LineFollower line;
    for (std::size_t i = 0; i + 1 < words.size(); ++i)
        line.take(words[i]);
    return line.place(words.empty() ? "" : words.back());
}

std::string completion_text(CliContext& cli, const CompletionPlace& place) {
    std::vector<CompletionPlace::Value> values = place.values;
    std::istringstream alternatives(place.arguments);
    for (std::string argument; std::getline(alternatives, argument, '|');)
        add_argument_values(cli, argument, place.word, values);
    std::string out;
    std::set<std::string> seen;
    for (const auto& [text, help] : values) {
        const bool is_directive = text.starts_with(':');
        if ((!is_directive && !text.starts_with(place.word)) || !seen.insert(text).second)
            continue;
        out += is_directive ? text : printable(place.before + text);
        out += (help.empty() ? "" : "\t" + printable(help)) + "\n";
    }
    return out;
}

}  // namespace vfioctl
