// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/plan/plan_steps.hpp"

#include <set>

#include "base/number.hpp"
#include "policy/plan/desired_state.hpp"
#include "sysfs/device/vgpu.hpp"

/// The order: modules, then every override, every unbind, every bind, and last what needs the
/// drivers. While its override is set only the wanted driver can match a device, so no device
/// returns to its native driver between unbind and bind. The kernel checks viability when a group
/// is opened, so members may bind one after the other.
namespace policy {
namespace {

constexpr std::string_view kAutoprobe = "sriov_drivers_autoprobe";

class StepWriter {
  public:
    StepWriter(const std::vector<Change>& changes, const sysfs::Inventory& inventory)
        : changes_(changes), inventory_(inventory) {}

    std::vector<Step> write() {
        for (const Change& change : changes_)
            load(change);
        for (const Change& change : changes_)
            set_override(change);
        for (const Change& change : changes_)
            if (change.from_driver && loses_driver(change))
                add(Op::kUnbind, change, change.from_driver);
        for (const Change& change : changes_)
            set_attributes(change, AttributePhase::kBeforeBind);
        for (const Change& change : changes_)
            bind(change);
        for (const Change& change : changes_)
            set_attributes(change, AttributePhase::kAfterBind);
        for (const Change& change : changes_)
            set_vfs(change);
        for (const Change& change : changes_)
            stop_mdevs(change);
        for (const Change& change : changes_)
            create_mdevs(change);
        for (const Change& change : changes_)
            if (change.access != AccessSpec{})
                add(Op::kSetAccess, change, format_access(change.access));
        for (const Change& change : changes_)
            if (change.check == Check::kOpen)
                add(Op::kCheckOpen, change, std::nullopt);
        return std::move(steps_);
    }

  private:
    const sysfs::Device* device(const Change& change) const {
        return inventory_.find(change.target.id);
    }

    bool loses_driver(const Change& change) const {
        switch (change.to) {
            case Change::To::kChain:
                return !change.candidates.empty();
            case Change::To::kNone:
                return true;
            case Change::To::kHost: {
                // On its native driver already: only the override is cleared.
                const sysfs::Device* now = device(change);
                return now == nullptr || !is_on_native_driver(*now);
            }
        }
        return false;
    }

    void add(Op op, const sysfs::DeviceId& device, std::optional<std::string> value,
             std::optional<std::string> module = std::nullopt) {
        steps_.push_back({.op = op,
                          .device = device,
                          .value = std::move(value),
                          .module = std::move(module),
                          .result = {},
                          .error = {}});
    }

    void add(Op op, const Change& change, std::optional<std::string> value,
             std::optional<std::string> module = std::nullopt) {
        add(op, change.target.id, std::move(value), std::move(module));
    }

    /// Loads each module once in a transaction.
    void load(const Change& change) {
        const ChainLink* link = change.first_candidate();
        if (link != nullptr && link->module && loaded_.insert(*link->module).second)
            add(Op::kLoadModule, change, link->module);
    }

    static std::optional<std::string> unknown_driver(const ChainLink& link) {
        return link.driver ? std::nullopt : link.module;
    }

    void set_override(const Change& change) {
        const sysfs::Device* now = device(change);
        const bool has_override = now == nullptr || now->has_override;
        switch (change.to) {
            case Change::To::kChain: {
                const ChainLink* link = change.first_candidate();
                if (link == nullptr || !has_override)
                    return;
                if (!link->driver || change.from_override != link->driver)
                    add(Op::kSetOverride, change, link->driver, unknown_driver(*link));
                return;
            }
            case Change::To::kNone:
                if (has_override && change.from_override != "none")
                    add(Op::kSetOverride, change, "none");
                return;
            case Change::To::kHost:
                if (change.from_override)
                    add(Op::kClearOverride, change, std::nullopt);
                return;
        }
    }

    void bind(const Change& change) {
        switch (change.to) {
            case Change::To::kChain:
                if (const ChainLink* link = change.first_candidate())
                    add(Op::kBind, change, link->driver, unknown_driver(*link));
                return;
            case Change::To::kNone:
                return;
            case Change::To::kHost:
                // The executor finds the driver in modules.alias.
                if (loses_driver(change))
                    add(Op::kBind, change, std::nullopt);
                return;
        }
    }

    /// The kernel changes a non-zero sriov_numvfs only to 0 (EBUSY).
    void set_vfs(const Change& change) {
        if (!change.set_vfs)
            return;
        const sysfs::Device* pf = device(change);
        const bool keeps_drivers_off = *change.set_vfs != 0 && probes_vfs(change, pf);
        if (keeps_drivers_off)
            set_attr(change.target.id, std::string(kAutoprobe), "0");
        if (pf != nullptr && pf->sriov && pf->sriov->enabled != 0 && *change.set_vfs != 0)
            add(Op::kSetVfs, change, "0");
        add(Op::kSetVfs, change, std::to_string(*change.set_vfs));
        if (keeps_drivers_off)
            set_attr(change.target.id, std::string(kAutoprobe), "1");
    }

    /// Would native drivers take the new VFs? An attribute of the rule is set by then.
    static bool probes_vfs(const Change& change, const sysfs::Device* pf) {
        for (const auto& [name, value] : change.attrs)
            if (name == kAutoprobe)
                return value == "1";
        return pf != nullptr && pf->sriov && pf->sriov->autoprobe == true;
    }

    void stop_mdevs(const Change& change) {
        for (const MdevSpec& mdev : change.mdevs_to_stop) {
            const sysfs::DeviceId id{"mdev", mdev.uuid.value_or("")};
            add(Op::kRemoveMdev, id, mdev.type);
        }
    }

    void create_mdevs(const Change& change) {
        for (const MdevSpec& mdev : change.mdevs) {
            const sysfs::DeviceId id =
                mdev.uuid ? sysfs::DeviceId{"mdev", *mdev.uuid} : change.target.id;
            if (mdev.uuid)
                add(Op::kCreateMdev, id, mdev.type);
            else
                set_attr(id, std::string(sysfs::kVgpuTypeAttr),
                         sysfs::parse_vgpu_type(mdev.type).value_or(""));
            for (const auto& [name, value] : mdev.attrs)
                set_attr(id, name, value);
        }
    }

    void set_attributes(const Change& change, AttributePhase phase) {
        for (const auto& [name, value] : change.attrs)
            if (attribute_phase(name) == phase)
                set_attr(change.target.id, name, value);
    }

    void set_attr(const sysfs::DeviceId& id, std::string assignment, const std::string& value) {
        assignment.append("=").append(value);
        add(Op::kSetAttr, id, std::move(assignment));
    }

    const std::vector<Change>& changes_;
    const sysfs::Inventory& inventory_;
    std::vector<Step> steps_;
    std::set<std::string> loaded_;
};

}  // namespace

std::string format_access(const AccessSpec& access) {
    std::string out = access.owner.value_or("");
    if (access.group)
        out += ":" + *access.group;
    if (access.mode)
        out += (out.empty() ? "" : " ") + base::to_octal(*access.mode);
    return out;
}

std::vector<Step> make_steps(const std::vector<Change>& changes,
                             const sysfs::Inventory& inventory) {
    return StepWriter(changes, inventory).write();
}

}  // namespace policy
