// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fake_device.hpp"
#include "fake_iommufd.hpp"
#include "fake_memory.hpp"
#include "fake_spapr.hpp"
#include "fake_type1.hpp"
#include "vfio/calls.hpp"

/// A host whose kernel has VFIO: its nodes, its groups and devices, and which of the backends it
/// offers. Every errno that vfio_main.c, group.c, container.c and device_cdev.c give for a misuse
/// is given here. Every fd is a real one (a memfd), so that closing it is seen, as the kernel sees
/// it.
class FakeCalls final : public vfio::Calls {
  public:
    struct Device {
        std::string name;
        std::string group;
        std::string cdev;  ///< empty: none
        FakeIommufd::Hardware hardware;
        bool viable = true;
        bool ddw = true;  ///< SPAPR v2 works
        int attach_errno = 0;
        std::string token{};  ///< a VF's, which then has to be shown
        bool takes_pasids = false;
        std::map<std::uint32_t, std::uint32_t> pasids{};  ///< which page table each is on
        FakeDevice model;
        bool cdev_open = false;
    };
    FakeCalls();
    ~FakeCalls() override;

    bool has_iommufd = true;
    bool has_container = true;
    bool type1 = true;
    bool spapr = false;
    bool offers_nesting = false;  ///< as kernels up to 6.12 did
    bool bind_takes_token = true;  ///< Linux 6.17
    std::uint32_t dma_entry_limit = 65535;
    FakeMemory memory;
    unsigned long newest_iommu_call = 0x94;
    std::map<std::string, std::string> files;  ///< for read_text
    unsigned calls = 0;                        ///< ioctls made
    unsigned opens = 0;
    unsigned pauses = 0;
    std::vector<unsigned long> requested;  ///< what SET_IOMMU was asked for
    std::map<std::string, int> open_errno;
    int interruptions = 0;  ///< this many ioctls fail with EINTR first
    /// The next ioctl of that kind fails so, once: what comes of races and of hardware that this
    /// model does not have.
    template <typename Call>
    void refuse(vfio::FdKind kind, Call call, int errnum) {
        refusals_[{kind, static_cast<unsigned long>(call)}] = errnum;
    }

    Device& add(std::string name, std::string group, std::string cdev);
    FakeType1* type1_of(int group_fd);
    FakeSpapr* spapr_of(int group_fd);
    FakeIommufd* iommufd_of(int fd);

    int container(const vfio::ContainerFd& fd, vfio::abi::ContainerCall call,
                  vfio::Argument argument) override;
    int group(const vfio::GroupFd& fd, vfio::abi::GroupCall call, vfio::Argument argument) override;
    int device(const vfio::DeviceFd& fd, vfio::abi::DeviceCall call,
               vfio::Argument argument) override;
    int iommu(const vfio::IommuFd& fd, vfio::abi::IommuCall call, vfio::Argument argument) override;
    int migration(const vfio::MigrationFd& fd, vfio::abi::MigrationCall call,
                  vfio::Argument argument) override;
    int open(const std::string& path) override;
    int duplicate(int fd) override;
    vfio::FileKind kind_of(int fd) override;
    std::uint64_t device_number(int fd) override;
    ssize_t pread(const vfio::DeviceFd& fd, std::span<std::byte> into,
                  std::uint64_t offset) override;
    ssize_t pwrite(const vfio::DeviceFd& fd, std::span<const std::byte> from,
                   std::uint64_t offset) override;
    ssize_t read(int fd, std::span<std::byte> into) override;
    ssize_t write(int fd, std::span<const std::byte> from) override;
    vfio::Result<void*> mmap(const Map& map) override;
    int munmap(void* address, std::uint64_t length) override;
    int eventfd() override;
    vfio::Result<std::string> read_text(const std::string& path) override;
    vfio::LockLimit lock_limit() override;
    void pause(unsigned milliseconds) override;

  private:
    struct Container {
        std::vector<int> groups;
        std::unique_ptr<FakeType1> type1;
        std::unique_ptr<FakeSpapr> spapr;
        std::unique_ptr<FakeIommufd> iommufd;  ///< this fd is /dev/iommu
        bool noiommu = false;
    };
    struct Open {
        std::uint64_t inode = 0;
        enum class Kind { kContainer, kGroup, kDevice } kind = Kind::kContainer;
        std::shared_ptr<Container> container;  ///< the fd's own, or the group's
        int container_fd = -1;                 ///< of a group
        std::string group;
        Device* device = nullptr;
        bool through_cdev = false;
        std::uint32_t bound = 0;
    };

    int make_fd(Open open);
    void reap();
    void closed(int fd, Open& open);
    Open* find(int fd, Open::Kind kind);
    [[nodiscard]] int enter(vfio::FdKind kind, unsigned long call);
    int set_container(int fd, Open& group, int container_fd);
    int unset_container(int fd, Open& group);
    int set_iommu(Container& container, unsigned long type);
    int check_extension(const Container& container, unsigned long extension) const;
    int get_device(Open& group, const std::string& request);
    int bind(int fd, Open& device, void* argument);
    [[nodiscard]] int check_token(const Device& device, const vfio::abi::BindIommufd& small,
                                  const void* argument) const;
    int attach_pasid(Open& device, void* argument);
    int detach_pasid(Open& device, const void* argument);
    [[nodiscard]] std::vector<Device*> members(const std::string& group);
    [[nodiscard]] std::vector<vfio::IovaRange> reach(const Container& container);

    std::map<std::pair<vfio::FdKind, unsigned long>, int> refusals_;
    std::map<int, Open> open_;
    std::vector<std::unique_ptr<Device>> devices_;
};
