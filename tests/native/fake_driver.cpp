// A libcuda.so.1 over host memory that runs the emulated kernels: the whole product path (dlopen, image, launch, error text) without a GPU.
// SIDR_FAKE_FAIL=function:code makes a call fail; SIDR_FAKE_CAPABILITY (default 90), SIDR_FAKE_MULTIPROCESSORS (default 132) and
// SIDR_FAKE_SHARED (bytes of shared memory a block, default 227 KiB) choose the device.
#define SIDR_EMULATOR 1
#include <map>
#include <string>
#include <vector>

#include "../../native/src/beam_cuda.cu"

#include <chrono>

namespace {

struct Kernel {
    std::string name;
    void (*run)(void*);  // runs one thread, given the address of the kernel's argument
    std::size_t argument_bytes;
    int shared_limit = 48 * 1024;
};

template <class A, void (*K)(A)>
void RunThread(void* argument) {
    K(*static_cast<A*>(argument));
}

std::vector<Kernel>& Kernels() {
    static std::vector<Kernel> kernels = {
        {"sidr_step_f32", RunThread<SidrCudaStep, sidr_step_f32>, sizeof(SidrCudaStep)},
        {"sidr_step_f16", RunThread<SidrCudaStep, sidr_step_f16>, sizeof(SidrCudaStep)},
        {"sidr_step_bf16", RunThread<SidrCudaStep, sidr_step_bf16>, sizeof(SidrCudaStep)},
#define FAST(name) {#name, RunThread<SidrCudaStep, name>, sizeof(SidrCudaStep)}
#define FAST_OF(type) FAST(sidr_fast_##type##_children), FAST(sidr_fast_##type##_given), FAST(sidr_fast_##type##_row), FAST(sidr_fast_##type##_wide)
        FAST_OF(f32), FAST_OF(f16), FAST_OF(bf16), FAST(sidr_stamps_bf16_row), FAST(sidr_stamps_bf16_wide),
        {"sidr_tiles_f32", RunThread<SidrCudaStep, sidr_tiles_f32>, sizeof(SidrCudaStep)},
        {"sidr_tiles_f16", RunThread<SidrCudaStep, sidr_tiles_f16>, sizeof(SidrCudaStep)},
        {"sidr_tiles_bf16", RunThread<SidrCudaStep, sidr_tiles_bf16>, sizeof(SidrCudaStep)},
        {"sidr_step_split", RunThread<SidrCudaSplit, sidr_step_split>, sizeof(SidrCudaSplit)},
        {"sidr_step_merge", RunThread<SidrCudaSplit, sidr_step_merge>, sizeof(SidrCudaSplit)},
        {"sidr_filter_evaluate_words", RunThread<SidrCudaFilterEvaluate, sidr_filter_evaluate_words>, sizeof(SidrCudaFilterEvaluate)},
        {"sidr_filter_lift_depth", RunThread<SidrCudaFilterLift, sidr_filter_lift_depth>, sizeof(SidrCudaFilterLift)},
    };
    return kernels;
}

struct Recorded {
    Kernel* kernel;
    std::vector<char> argument;
    unsigned grid, threads, shared, cluster;
};

struct Stream {
    bool is_capturing = false;
    std::vector<Recorded> recorded;
};

struct Launch {  // cuda_driver.h has the same layout
    unsigned grid_x, grid_y, grid_z, block_x, block_y, block_z, shared_bytes;
    void* stream;
    struct {
        int id;
        char pad[4];
        unsigned value[16];
    }* attributes;
    unsigned attribute_count;
};

Stream& Of(void* stream) {
    static Stream none;
    return stream ? *static_cast<Stream*>(stream) : none;
}

int Setting(const char* name, int otherwise) {
    const char* text = std::getenv(name);
    return text ? std::atoi(text) : otherwise;
}

int Injected(const char* function) {
    const char* text = std::getenv("SIDR_FAKE_FAIL");
    std::size_t n = std::strlen(function);
    return text && std::strncmp(text, function, n) == 0 && text[n] == ':' ? std::atoi(text + n + 1) : 0;
}

void Run(const Recorded& r) {
    std::vector<char> argument = r.argument;
    emu::Launch(r.kernel->run, argument.data(), r.grid, r.threads, r.shared, r.cluster);
}

int Enqueue(void* function, unsigned grid, unsigned threads, unsigned shared, unsigned cluster, void* stream, void** parameters) {
    Kernel* kernel = static_cast<Kernel*>(function);
    if (grid == 0 || threads == 0 || threads > 1024 || threads % 32 != 0 || grid % cluster != 0 || cluster > 8) return 1;
    if (static_cast<int>(shared) > kernel->shared_limit) return 1;
    if (cluster > 1 && Setting("SIDR_FAKE_CAPABILITY", 90) < 90) return 1;
    Recorded r{kernel, std::vector<char>(static_cast<char*>(parameters[0]), static_cast<char*>(parameters[0]) + kernel->argument_bytes), grid, threads, shared, cluster};
    if (Of(stream).is_capturing) Of(stream).recorded.push_back(r);
    else Run(r);
    return 0;
}

std::string image_text;

}  // namespace

#define EXPORT extern "C" __attribute__((visibility("default"))) int
#define FAIL_IF_TOLD() \
    if (int code = Injected(__func__)) return code

EXPORT cuInit(unsigned) {
    FAIL_IF_TOLD();
    return 0;
}
EXPORT cuDriverGetVersion(int* version) {
    *version = 13000;
    return 0;
}
EXPORT cuDeviceGet(int* device, int ordinal) {
    *device = ordinal;
    return 0;
}
EXPORT cuDeviceGetCount(int* count) {
    *count = 1;
    return 0;
}
EXPORT cuDeviceGetName(char* name, int bytes, int) {
    std::snprintf(name, static_cast<std::size_t>(bytes), "emulated GPU");
    return 0;
}
EXPORT cuDeviceGetAttribute(int* value, int attribute, int) {
    int capability = Setting("SIDR_FAKE_CAPABILITY", 90);
    *value = attribute == 16 ? Setting("SIDR_FAKE_MULTIPROCESSORS", 132) : attribute == 75 ? capability / 10 : attribute == 76 ? capability % 10 : attribute == 97 ? Setting("SIDR_FAKE_SHARED", 227 * 1024) : 0;
    return 0;
}
EXPORT cuDeviceTotalMem_v2(std::size_t* bytes, int) {
    *bytes = std::size_t{1} << 34;
    return 0;
}
EXPORT cuDevicePrimaryCtxRetain(void** context, int) {
    FAIL_IF_TOLD();
    *context = &image_text;
    return 0;
}
EXPORT cuDevicePrimaryCtxRelease_v2(int) { return 0; }
EXPORT cuCtxPushCurrent_v2(void*) { return 0; }
EXPORT cuCtxPopCurrent_v2(void**) { return 0; }
EXPORT cuModuleLoadDataEx(void** module, const void* image, unsigned, int*, void** values) {
    if (int code = Injected("cuModuleLoadDataEx")) {
        std::snprintf(static_cast<char*>(values[0]), 100, "ptxas fatal: told to fail");
        return code;
    }
    const char* text = static_cast<const char*>(image);
    image_text = text[0] == '/' || text[0] == '.' ? text : "";  // PTX begins with a comment or .version; a binary image is taken as it is
    *module = &image_text;
    return 0;
}
EXPORT cuModuleUnload(void*) { return 0; }
EXPORT cuModuleGetFunction(void** function, void*, const char* name) {
    if (!image_text.empty() && image_text.find(std::string(".entry ") + name + "(") == std::string::npos) return 500;
    for (Kernel& kernel : Kernels())
        if (kernel.name == name) {
            *function = &kernel;
            return 0;
        }
    return 500;
}
EXPORT cuFuncSetAttribute(void* function, int attribute, int value) {
    if (attribute == 8) static_cast<Kernel*>(function)->shared_limit = value;
    return 0;
}
EXPORT cuLaunchKernel(void* function, unsigned gx, unsigned, unsigned, unsigned bx, unsigned, unsigned, unsigned shared, void* stream, void** parameters, void**) {
    FAIL_IF_TOLD();
    return Enqueue(function, gx, bx, shared, 1, stream, parameters);
}
EXPORT cuLaunchKernelEx(const Launch* config, void* function, void** parameters, void**) {
    FAIL_IF_TOLD();
    unsigned cluster = 1;
    for (unsigned i = 0; i < config->attribute_count; i++)
        if (config->attributes[i].id == 4) cluster = config->attributes[i].value[0];
    return Enqueue(function, config->grid_x, config->block_x, config->shared_bytes, cluster, config->stream, parameters);
}
EXPORT cuMemAlloc_v2(unsigned long long* pointer, std::size_t bytes) {
    FAIL_IF_TOLD();
    void* p = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
    if (!p) return 2;
    std::memset(p, 0xA5, bytes);
    *pointer = reinterpret_cast<unsigned long long>(p);
    return 0;
}
EXPORT cuMemFree_v2(unsigned long long pointer) {
    std::free(reinterpret_cast<void*>(pointer));
    return 0;
}
EXPORT cuMemAllocHost_v2(void** pointer, std::size_t bytes) {
    *pointer = std::malloc(bytes);
    return *pointer ? 0 : 2;
}
EXPORT cuMemFreeHost(void* pointer) {
    std::free(pointer);
    return 0;
}
EXPORT cuMemcpyAsync(unsigned long long to, unsigned long long from, std::size_t bytes, void*) {
    std::memcpy(reinterpret_cast<void*>(to), reinterpret_cast<const void*>(from), bytes);
    return 0;
}
EXPORT cuMemcpyHtoD_v2(unsigned long long to, const void* from, std::size_t bytes) {
    std::memcpy(reinterpret_cast<void*>(to), from, bytes);
    return 0;
}
EXPORT cuMemGetInfo_v2(std::size_t* free_bytes, std::size_t* total) {
    *free_bytes = *total = std::size_t{1} << 34;
    return 0;
}
EXPORT cuStreamCreate(void** stream, unsigned) {
    *stream = new Stream;
    return 0;
}
EXPORT cuStreamDestroy_v2(void* stream) {
    delete static_cast<Stream*>(stream);
    return 0;
}
EXPORT cuStreamSynchronize(void*) {
    FAIL_IF_TOLD();
    return 0;
}
EXPORT cuGetErrorName(int code, const char** name) {
    *name = code == 100 ? "CUDA_ERROR_NO_DEVICE" : code == 700 ? "CUDA_ERROR_ILLEGAL_ADDRESS" : "CUDA_ERROR_OTHER";
    return 0;
}
EXPORT cuGetErrorString(int, const char** text) {
    *text = "told to fail";
    return 0;
}

// Capture: launches are recorded and run again by cuGraphLaunch.
EXPORT cuStreamBeginCapture_v2(void* stream, int) {
    Of(stream).is_capturing = true;
    Of(stream).recorded.clear();
    return 0;
}
EXPORT cuStreamEndCapture(void* stream, void** graph) {
    Of(stream).is_capturing = false;
    *graph = new std::vector<Recorded>(std::move(Of(stream).recorded));
    return 0;
}
EXPORT cuGraphInstantiateWithFlags(void** exec, void* graph, unsigned long long) {
    *exec = new std::vector<Recorded>(*static_cast<std::vector<Recorded>*>(graph));
    return 0;
}
EXPORT cuGraphLaunch(void* exec, void*) {
    for (auto& r : *static_cast<std::vector<Recorded>*>(exec)) Run(r);
    return 0;
}
EXPORT cuGraphExecDestroy(void* exec) {
    delete static_cast<std::vector<Recorded>*>(exec);
    return 0;
}
EXPORT cuGraphDestroy(void* graph) {
    delete static_cast<std::vector<Recorded>*>(graph);
    return 0;
}
EXPORT cuEventCreate(void** event, unsigned) {
    *event = new double(0);
    return 0;
}
EXPORT cuEventDestroy_v2(void* event) {
    delete static_cast<double*>(event);
    return 0;
}
EXPORT cuEventRecord(void* event, void*) {
    *static_cast<double*>(event) = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
    return 0;
}
EXPORT cuEventElapsedTime(float* ms, void* from, void* to) {
    *ms = static_cast<float>(*static_cast<double*>(to) - *static_cast<double*>(from));
    return 0;
}
