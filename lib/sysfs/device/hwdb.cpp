// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/hwdb.hpp"

#include <libudev.h>
#include <locale.h>

#include <map>
#include <utility>

#include "sysfs/device/pci_ids.hpp"

namespace sysfs {

namespace {

using HwdbProperties = std::map<std::string, std::string>;

/// Sets the C locale for this thread while it exists. The database's keys are ASCII; in a UTF-8
/// locale fnmatch() converts every pattern and name to wide characters, which took two thirds of a
/// listing's time.
class ScopedCLocale {
  public:
    ScopedCLocale() : plain_(::newlocale(LC_CTYPE_MASK, "C", nullptr)) {
        if (plain_ != nullptr)
            before_ = ::uselocale(plain_);
    }
    ScopedCLocale(const ScopedCLocale&) = delete;
    ScopedCLocale& operator=(const ScopedCLocale&) = delete;
    ~ScopedCLocale() {
        if (plain_ == nullptr)
            return;
        ::uselocale(before_);
        ::freelocale(plain_);
    }

  private:
    locale_t plain_;
    locale_t before_ = nullptr;
};

std::optional<std::string> find_property(const HwdbProperties& from, const std::string& key) {
    const auto at = from.find(key);
    return at == from.end() ? std::nullopt : std::optional(at->second);
}

std::string upper_hex(std::uint32_t value, std::size_t digits) {
    std::string out = base::to_hex(value, digits);
    for (char& c : out)
        if (c >= 'a')
            c = static_cast<char>(c - 'a' + 'A');
    return out;
}

/// The start of the modalias. Without the subsystem, since an entry for a subsystem would replace
/// the model's name; without the class, since its 150 patterns begin with an asterisk and all of
/// them would be compared.
std::string model_alias(const HardwareIds& ids) {
    return "pci:v" + upper_hex(*ids.vendor, 8) + "d" + upper_hex(*ids.device, 8);
}

std::string class_alias(std::uint32_t code) {
    return "pci:vdsvsdbc" + upper_hex(code >> 16U, 2) + "sc" + upper_hex((code >> 8U) & 0xffU, 2) +
           "i" + upper_hex(code & 0xffU, 2);
}

bool is_pci_like(const Device& device) {
    return device.id.bus == "pci" && device.ids.vendor && device.ids.device;
}

HardwareNames from_pci_ids(const PciIds& file, const HardwareIds& ids) {
    HardwareNames out;
    out.vendor = file.vendor(*ids.vendor);
    out.device = file.device(*ids.vendor, *ids.device);
    if (ids.class_code) {
        const auto base = static_cast<std::uint8_t>(*ids.class_code >> 16U);
        out.base_class = file.base_class(base);
        out.subclass = file.subclass(base, static_cast<std::uint8_t>(*ids.class_code >> 8U));
    }
    return out;
}

}  // namespace

class HardwareDatabase::Sources {
  public:
    explicit Sources(const Root& root) : root_(root) {}

    const HardwareNames& names(const Device& device) {
        const auto [at, fresh] = names_by_model_.try_emplace({device.ids, device.modalias});
        if (fresh)
            at->second = look_up(device);
        return at->second;
    }

    std::optional<std::string> subsystem(const Device& device) {
        const HardwareIds& ids = device.ids;
        if (!is_pci_like(device) || ids.subsystem_vendor.value_or(0) == 0 || !ids.subsystem_device)
            return std::nullopt;
        open();
        if (!own_file_ && hwdb_) {
            auto precise = find_property(query(device.modalias), "ID_MODEL_FROM_DATABASE");
            return precise == names(device).device ? std::nullopt : precise;
        }
        const auto& file = own_file_ ? own_file_ : file_;
        return file ? PciIds(file->text())
                          .subsystem(*ids.vendor, *ids.device, *ids.subsystem_vendor,
                                     *ids.subsystem_device)
                    : std::nullopt;
    }

    void close() {
        hwdb_.reset();
        udev_.reset();
        own_file_.reset();
        file_.reset();
        opened_ = false;
    }

  private:
    struct UdevUnref {
        void operator()(udev* context) const { udev_unref(context); }
        void operator()(udev_hwdb* database) const { udev_hwdb_unref(database); }
    };
    HardwareNames look_up(const Device& device) {
        open();
        if (own_file_ && is_pci_like(device))
            return from_pci_ids(PciIds(own_file_->text()), device.ids);
        if (hwdb_)
            return from_udev(device);
        if (file_ && is_pci_like(device))
            return from_pci_ids(PciIds(file_->text()), device.ids);
        return {};
    }

    void open() {
        if (std::exchange(opened_, true))
            return;
        if (!root_.is_live())
            own_file_ = open_pci_ids(root_);
        udev_.reset(udev_new());
        if (udev_)
            hwdb_.reset(udev_hwdb_new(udev_.get()));
        if (!hwdb_)
            file_ = open_pci_ids(Root{});
    }

    HwdbProperties query(const std::string& modalias) {
        const ScopedCLocale plain;
        HwdbProperties out;
        udev_list_entry* entry = nullptr;
        udev_list_entry_foreach(
            entry, udev_hwdb_get_properties_list_entry(hwdb_.get(), modalias.c_str(), 0)) {
            const char* value = udev_list_entry_get_value(entry);
            out[udev_list_entry_get_name(entry)] = value == nullptr ? "" : value;
        }
        return out;
    }

    HardwareNames from_udev(const Device& device) {
        const bool pci = is_pci_like(device);
        HwdbProperties found = query(pci ? model_alias(device.ids) : device.modalias);
        HardwareNames out;
        out.vendor = find_property(found, "ID_VENDOR_FROM_DATABASE");
        out.device = find_property(found, "ID_MODEL_FROM_DATABASE");
        if (!pci)
            return out;
        const HardwareNames& of_class = class_names(device.ids.class_code.value_or(0));
        out.base_class = of_class.base_class;
        out.subclass = of_class.subclass;
        return out;
    }

    const HardwareNames& class_names(std::uint32_t code) {
        const auto [at, fresh] = classes_.try_emplace(code);
        if (fresh) {
            HwdbProperties found = query(class_alias(code));
            at->second.base_class = find_property(found, "ID_PCI_CLASS_FROM_DATABASE");
            at->second.subclass = find_property(found, "ID_PCI_SUBCLASS_FROM_DATABASE");
        }
        return at->second;
    }

    Root root_;
    bool opened_ = false;
    std::optional<base::MappedFile> own_file_;
    std::unique_ptr<udev, UdevUnref> udev_;
    std::unique_ptr<udev_hwdb, UdevUnref> hwdb_;
    std::optional<base::MappedFile> file_;
    std::map<std::pair<HardwareIds, std::string>, HardwareNames> names_by_model_;
    std::map<std::uint32_t, HardwareNames> classes_;
};

HardwareDatabase::HardwareDatabase(const Root& root) : sources_(std::make_unique<Sources>(root)) {}
HardwareDatabase::HardwareDatabase(HardwareDatabase&&) noexcept = default;
HardwareDatabase& HardwareDatabase::operator=(HardwareDatabase&&) noexcept = default;
HardwareDatabase::~HardwareDatabase() = default;

const HardwareNames& HardwareDatabase::names(const Device& device) {
    return sources_->names(device);
}

std::optional<std::string> HardwareDatabase::subsystem(const Device& device) {
    return sources_->subsystem(device);
}

void HardwareDatabase::close() {
    sources_->close();
}

}  // namespace sysfs
