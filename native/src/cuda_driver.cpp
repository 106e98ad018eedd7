#include "cuda_driver.h"

#include <dlfcn.h>

#include <mutex>

#include "status.h"

namespace sidr {
namespace {

void Load(CudaDriver& driver) {
    void* library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        const char* reason = dlerror();
        Fail(SIDR_NO_DEVICE, std::string("No CUDA driver: ") + (reason ? reason : "libcuda.so.1 cannot be opened") + ". Install NVIDIA's driver, or run on the CPU.");
    }
    auto get = [library](auto& function, const char* name, bool is_optional = false) {
        function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
        if (!function && !is_optional) Fail(SIDR_NO_DEVICE, std::string("The CUDA driver has no function '") + name + "'; it is too old. Install a driver of CUDA 11.4 or later.");
    };
#define SIDR_GET(name) get(driver.name, #name)
    SIDR_GET(cuInit);
    SIDR_GET(cuDriverGetVersion);
    SIDR_GET(cuDeviceGet);
    SIDR_GET(cuDeviceGetCount);
    SIDR_GET(cuDeviceGetName);
    SIDR_GET(cuDeviceGetAttribute);
    SIDR_GET(cuDeviceTotalMem_v2);
    SIDR_GET(cuDevicePrimaryCtxRetain);
    SIDR_GET(cuDevicePrimaryCtxRelease_v2);
    SIDR_GET(cuCtxPushCurrent_v2);
    SIDR_GET(cuCtxPopCurrent_v2);
    SIDR_GET(cuModuleLoadDataEx);
    SIDR_GET(cuModuleUnload);
    SIDR_GET(cuModuleGetFunction);
    SIDR_GET(cuFuncSetAttribute);
    SIDR_GET(cuLaunchKernel);
    get(driver.cuLaunchKernelEx, "cuLaunchKernelEx", true);
    SIDR_GET(cuMemAlloc_v2);
    SIDR_GET(cuMemFree_v2);
    SIDR_GET(cuMemAllocHost_v2);
    SIDR_GET(cuMemFreeHost);
    SIDR_GET(cuMemcpyAsync);
    SIDR_GET(cuMemcpyHtoD_v2);
    SIDR_GET(cuMemGetInfo_v2);
    SIDR_GET(cuStreamCreate);
    SIDR_GET(cuStreamDestroy_v2);
    SIDR_GET(cuStreamSynchronize);
    SIDR_GET(cuGetErrorName);
    SIDR_GET(cuGetErrorString);
#undef SIDR_GET
    CUresult result = driver.cuInit(0);
    if (result != kCudaSuccess) Fail(SIDR_NO_DEVICE, "The CUDA driver does not start: " + CudaErrorText(driver, result) + ". Check the GPU with nvidia-smi, or run on the CPU.");
}

}  // namespace

const CudaDriver& OpenCudaDriver() {
    static std::mutex mutex;
    static CudaDriver driver;
    static bool is_loaded = false;
    std::lock_guard<std::mutex> lock(mutex);
    if (!is_loaded) {
        CudaDriver loading = {};
        Load(loading);
        driver = loading;
        is_loaded = true;
    }
    return driver;
}

std::string CudaErrorText(const CudaDriver& driver, CUresult result) {
    const char* name = nullptr;
    const char* text = nullptr;
    if (driver.cuGetErrorName) driver.cuGetErrorName(result, &name);
    if (driver.cuGetErrorString) driver.cuGetErrorString(result, &text);
    return std::string(name ? name : "CUDA error") + " (" + Str(result) + ")" + (text ? std::string(": ") + text : "");
}

}  // namespace sidr
