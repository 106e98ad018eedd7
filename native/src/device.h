// What api.cpp calls for a CUDA device; device.cpp has it, or device_none.cpp where the build has no GPU code.
#pragma once

#include <cstdint>
#include <memory>

#include "trie.h"

namespace sidr {

sidr_device* OpenDevice(std::int32_t ordinal, const char* image_path);
void CloseDevice(sidr_device* device);
void DeviceInfo(sidr_device* device, sidr_device_info* info);
void* DeviceAllocate(sidr_device* device, std::uint64_t bytes, bool is_host);
void DeviceFree(sidr_device* device, void* pointer, bool is_host);
void DeviceCopy(sidr_device* device, void* to, const void* from, std::uint64_t bytes, void* stream);
void* StreamCreate(sidr_device* device);
void StreamSynchronize(sidr_device* device, void* stream);
void StreamDestroy(sidr_device* device, void* stream);

std::unique_ptr<Trie> UploadTrie(const Trie& trie, sidr_device* device);
std::uint64_t CudaWorkspaceBytes(const Trie& trie, const sidr_beam_advance_args& args);
void CudaAdvance(const Trie& trie, const sidr_beam_advance_args& args);
void CudaEvaluateFilter(const Trie& trie, const sidr_filter_evaluate_args& args);
void CudaLiftFilter(const Trie& trie, const std::uint64_t* item_bits, std::uint64_t* node_bits, void* stream);

}  // namespace sidr
