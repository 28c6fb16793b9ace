// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "fake_memory.hpp"
#include "vfio/abi/hwpt.hpp"
#include "vfio/abi/iommufd.hpp"
#include "vfio/abi/viommu.hpp"

/// drivers/iommu/iommufd of 7.2, as a caller can tell: objects by id with what refers to them,
/// mappings with their pins, ranges that narrow as devices attach. `newest` is the last ioctl this
/// kernel has: later ones are ENOTTY. Answers are 0 or -errno.
class FakeIommufd {
  public:
    enum class Type {
        kIoas,
        kHwpt,
        kDevice,
        kAccess,
        kFault,
        kViommu,
        kVdevice,
        kVeventq,
        kHwQueue
    };
    struct Object {
        Type type;
        std::uint32_t parent = 0;  ///< holds a reference on it
        unsigned users = 0;        ///< references: destroying is EBUSY
        std::uint32_t flags = 0;
        std::map<std::uint64_t, FakeDma> maps{};                         ///< of an IOAS
        std::vector<vfio::IovaRange> allowed{};                          ///< of an IOAS
        std::map<std::uint32_t, std::vector<vfio::IovaRange>> usable{};  ///< by device
        bool dirty_on = false;
        std::uint32_t attached_to = 0;  ///< of a device
        int device_fd = -1;
    };
    /// What the IOMMU of a device can do.
    struct Hardware {
        std::vector<vfio::IovaRange> usable{{0, UINT64_MAX}};
        std::uint64_t capabilities = vfio::abi::kHwCapDirtyTracking;
        vfio::abi::HwInfoType type = vfio::abi::HwInfoType::kIntelVtd;
        bool nests = true;
        bool emulated = false;  ///< an mdev
    };

    explicit FakeIommufd(FakeMemory& memory) : memory_(memory) {}
    ~FakeIommufd();
    FakeIommufd(const FakeIommufd&) = delete;
    FakeIommufd& operator=(const FakeIommufd&) = delete;

    int call(vfio::abi::IommuCall call, void* argument);
    int bind(int device_fd, const Hardware& hardware);
    int attach(std::uint32_t device, std::uint32_t& table);
    int detach(std::uint32_t device);
    void unbind(std::uint32_t device);
    void dirty(std::uint64_t iova) { dirty_.push_back(iova); }

    unsigned long newest = 0x94;
    bool capable = true;  ///< CAP_SYS_RESOURCE
    bool rlimit_mode = false;
    std::set<int> files;  ///< memfds that MAP_FILE takes
    std::map<std::uint32_t, Object> objects;
    std::uint64_t pins = 0;  ///< how often memory was pinned: a copy is none

  private:
    template <typename T>
    int take(void* argument, T& out, std::size_t least);
    Object* find(std::uint32_t id, Type type);
    std::uint32_t add(Object object);
    [[nodiscard]] std::uint32_t ioas_of(std::uint32_t table) const;
    [[nodiscard]] std::vector<vfio::IovaRange> usable(const Object& ioas) const;
    int place(Object& ioas, std::uint64_t iova, std::uint64_t length);
    int destroy(void* argument);
    int ranges(void* argument);
    int allow(void* argument);
    int map(void* argument);
    int map_file(void* argument);
    int copy(void* argument);
    int unmap(void* argument);
    int option(void* argument);
    int change_process(void* argument);
    int hwpt_alloc(void* argument);
    int hw_info(void* argument);
    int set_dirty(void* argument);
    int get_dirty(void* argument);
    int invalidate(void* argument);
    int queue(void* argument);
    int viommu(void* argument);
    int vdevice(void* argument);
    int veventq(void* argument);
    int hw_queue(void* argument);
    void drop_all(Object& ioas);

    FakeMemory& memory_;
    std::uint32_t next_ = 1;
    std::map<std::uint32_t, Hardware> hardware_;  ///< by device
    std::set<std::pair<std::uint32_t, std::uint64_t>> virtual_ids_;
    std::vector<std::uint64_t> dirty_;
    std::set<std::uint64_t> held_;  ///< IOVAs that a hardware queue reads from
};
