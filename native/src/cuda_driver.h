// The part of the CUDA driver's interface that the library uses, opened at run time. Names and values are the driver's own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace sidr {

using CUresult = int;
using CUdevice = int;
using CUcontext = struct CUctx_st*;
using CUmodule = struct CUmod_st*;
using CUfunction = struct CUfunc_st*;
using CUstream = struct CUstream_st*;
using CUdeviceptr = unsigned long long;

constexpr CUresult kCudaSuccess = 0;
constexpr CUresult kCudaOutOfMemory = 2;
enum CudaAttribute : int {
    kCudaMultiprocessors = 16,
    kCudaMajor = 75,
    kCudaMinor = 76,
    kCudaSharedPerBlockOptIn = 97
};
constexpr int kCudaFunctionMaxDynamicShared = 8;
constexpr int kCudaLaunchClusterDimension = 4;
constexpr int kCudaLaunchProgrammatic = 6;

struct CudaLaunchAttribute {
    int id;
    char pad[4];
    union {
        char bytes[64];
        int is_allowed;
        struct {
            unsigned x, y, z;
        } cluster;
    } value;
};
static_assert(sizeof(CudaLaunchAttribute) == 72);

struct CudaLaunchConfig {
    unsigned grid_x, grid_y, grid_z, block_x, block_y, block_z, shared_bytes;
    CUstream stream;
    CudaLaunchAttribute* attributes;
    unsigned attribute_count;
};

// Every function by its exported name.
struct CudaDriver {
    CUresult (*cuInit)(unsigned);
    CUresult (*cuDriverGetVersion)(int*);
    CUresult (*cuDeviceGet)(CUdevice*, int);
    CUresult (*cuDeviceGetCount)(int*);
    CUresult (*cuDeviceGetName)(char*, int, CUdevice);
    CUresult (*cuDeviceGetAttribute)(int*, int, CUdevice);
    CUresult (*cuDeviceTotalMem_v2)(std::size_t*, CUdevice);
    CUresult (*cuDevicePrimaryCtxRetain)(CUcontext*, CUdevice);
    CUresult (*cuDevicePrimaryCtxRelease_v2)(CUdevice);
    CUresult (*cuCtxPushCurrent_v2)(CUcontext);
    CUresult (*cuCtxPopCurrent_v2)(CUcontext*);
    CUresult (*cuModuleLoadDataEx)(CUmodule*, const void*, unsigned, int*, void**);
    CUresult (*cuModuleUnload)(CUmodule);
    CUresult (*cuModuleGetFunction)(CUfunction*, CUmodule, const char*);
    CUresult (*cuFuncSetAttribute)(CUfunction, int, int);
    CUresult (*cuLaunchKernel)(CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, CUstream, void**, void**);
    CUresult (*cuLaunchKernelEx)(const CudaLaunchConfig*, CUfunction, void**, void**);  // null before driver 11.8: no clusters then
    CUresult (*cuMemAlloc_v2)(CUdeviceptr*, std::size_t);
    CUresult (*cuMemFree_v2)(CUdeviceptr);
    CUresult (*cuMemAllocHost_v2)(void**, std::size_t);
    CUresult (*cuMemFreeHost)(void*);
    CUresult (*cuMemcpyAsync)(CUdeviceptr, CUdeviceptr, std::size_t, CUstream);
    CUresult (*cuMemcpyHtoD_v2)(CUdeviceptr, const void*, std::size_t);
    CUresult (*cuMemGetInfo_v2)(std::size_t*, std::size_t*);
    CUresult (*cuStreamCreate)(CUstream*, unsigned);
    CUresult (*cuStreamDestroy_v2)(CUstream);
    CUresult (*cuStreamSynchronize)(CUstream);
    CUresult (*cuGetErrorName)(CUresult, const char**);
    CUresult (*cuGetErrorString)(CUresult, const char**);
};

// Opens libcuda.so.1 once for the process; throws SIDR_NO_DEVICE with what is missing.
const CudaDriver& OpenCudaDriver();

// "CUDA_ERROR_NAME (number): text".
std::string CudaErrorText(const CudaDriver& driver, CUresult result);

}  // namespace sidr
