// The device side of a build without GPU code: opening says so, and nothing else can be reached.
#include "device.h"
#include "status.h"

namespace sidr {
namespace {

[[noreturn]] void NoGpuCode() {
    Fail(SIDR_NO_DEVICE, "This build of libsidr has no GPU code (SIDR_GPU=off). Build it with clang or nvcc at hand, or run on the CPU.");
}

}  // namespace

sidr_device* OpenDevice(std::int32_t, const char*) { NoGpuCode(); }
void CloseDevice(sidr_device*) {}
void DeviceInfo(sidr_device*, sidr_device_info*) { NoGpuCode(); }
void* DeviceAllocate(sidr_device*, std::uint64_t, bool) { NoGpuCode(); }
void DeviceFree(sidr_device*, void*, bool) { NoGpuCode(); }
void DeviceCopy(sidr_device*, void*, const void*, std::uint64_t, void*) { NoGpuCode(); }
void* StreamCreate(sidr_device*) { NoGpuCode(); }
void StreamSynchronize(sidr_device*, void*) { NoGpuCode(); }
void StreamDestroy(sidr_device*, void*) { NoGpuCode(); }
std::unique_ptr<Trie> UploadTrie(const Trie&, sidr_device*) { NoGpuCode(); }
std::uint64_t CudaWorkspaceBytes(const Trie&, const sidr_beam_advance_args&) { NoGpuCode(); }
void CudaAdvance(const Trie&, const sidr_beam_advance_args&) { NoGpuCode(); }
void CudaEvaluateFilter(const Trie&, const sidr_filter_evaluate_args&) { NoGpuCode(); }
void CudaLiftFilter(const Trie&, const std::uint64_t*, std::uint64_t*, void*) { NoGpuCode(); }

}  // namespace sidr
