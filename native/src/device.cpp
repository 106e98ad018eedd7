// A CUDA device through the driver: the embedded image, copies of tries, and the launches.
#include "device.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <mutex>
#include <vector>

#include "cuda_args.h"
#include "cuda_driver.h"
#include "status.h"

// Made by the build (image.S): the images, smallest capability last; an image of no bytes is absent.
extern "C" {
extern const unsigned char sidr_image_fatbin[], sidr_image_fatbin_end[];
extern const unsigned char sidr_image_ptx90[], sidr_image_ptx90_end[];
extern const unsigned char sidr_image_ptx80[], sidr_image_ptx80_end[];
}

struct sidr_device {
    const sidr::CudaDriver* driver;
    sidr::CUdevice ordinal;
    sidr::CUcontext context;
    sidr::CUmodule module;
    sidr::CUfunction step[3], tiles[3], split, merge, evaluate, lift;
    sidr::CUfunction fast[3][4], stamps[2];  // [type][how the score is found]; with clocks, for bf16 rows, narrow and wide
    int driver_version, capability, multiprocessors, shared_limit;
    bool has_clusters;
    std::string image;
    // Shape of the step for measurements: SIDR_CUDA_SHAPE=threads,cluster[,warps_per_beam]; 0 = chosen by the library.
    unsigned forced_threads = 0, forced_cluster = 0, forced_warps = 0;
    // For measurements too: SIDR_CUDA_PATH=general leaves out the kernels of cuda_fast.h, SIDR_CUDA_STAMPS=1 writes clocks to the workspace,
    // SIDR_CUDA_EARLY=1 lets a step's blocks start before the work ahead of it has ended.
    bool is_general = false, writes_stamps = false, starts_early = false;
};

namespace sidr {
namespace {

void Check(const CudaDriver& driver, CUresult result, const char* what) {
    if (result == kCudaSuccess) return;
    if (result == kCudaOutOfMemory) Fail(SIDR_OUT_OF_MEMORY, std::string(what) + ": the device is out of memory. Use fewer items, beams or requests at once.");
    Fail(SIDR_DEVICE_ERROR, std::string(what) + " failed: " + CudaErrorText(driver, result) + ".");
}

// Makes the device's context current for a call, and the caller's again afterwards.
class Current {
public:
    explicit Current(const sidr_device* device) : driver_(*device->driver) { Check(driver_, driver_.cuCtxPushCurrent_v2(device->context), "cuCtxPushCurrent"); }
    ~Current() {
        CUcontext ignored;
        driver_.cuCtxPopCurrent_v2(&ignored);
    }
    Current(const Current&) = delete;
    Current& operator=(const Current&) = delete;

private:
    const CudaDriver& driver_;
};

CUdeviceptr Address(const void* pointer) { return static_cast<CUdeviceptr>(reinterpret_cast<std::uintptr_t>(pointer)); }

class DeviceBlock : public TrieStorage {
public:
    DeviceBlock(sidr_device* device, std::uint64_t bytes) : device_(device), pointer_(DeviceAllocate(device, bytes, false)) {}
    ~DeviceBlock() override {
        try {
            DeviceFree(device_, pointer_, false);
        } catch (const Failure&) {
            // A device that failed cannot take its memory back; the process's end does.
        }
    }
    unsigned char* data() const { return static_cast<unsigned char*>(pointer_); }

private:
    sidr_device* device_;
    void* pointer_;
};

std::uint64_t Align256(std::uint64_t bytes) { return (bytes + 255) & ~std::uint64_t{255}; }

unsigned PowerOfTwoUpTo(unsigned value, unsigned most) {
    unsigned p = 1;
    while (p * 2 <= value && p * 2 <= most) p *= 2;
    return p;
}

// How a step is cut: threads, blocks a request, warps a beam, and the shared memory that follows.
struct Shape {
    unsigned threads, cluster, warps_per_beam, slots, merge, limit, local_width;
    std::uint64_t shared_bytes;

    Shape(const sidr_device& device, const TrieShape& trie, const sidr_beam_advance_args& a) {
        unsigned width = a.max_width;
        // Enough blocks to fill the multiprocessors, each with a beam for every warp at least; one block up to 16 beams.
        cluster = 1;
        if (device.has_clusters) {
            unsigned most = std::min<unsigned>(SIDR_MAX_CLUSTER, static_cast<unsigned>(device.multiprocessors) / a.requests);
            while (cluster * 2 <= most && width > 16 * cluster) cluster *= 2;
        }
        threads = width <= 8 ? 512 : 1024;
        if (device.forced_threads) threads = device.forced_threads;
        if (device.forced_cluster && device.has_clusters) cluster = device.forced_cluster;
        local_width = (width + cluster - 1) / cluster;
        // The first step has one live beam; all warps share its children.
        unsigned live = a.depth == 0 ? 1 : local_width, warps = threads / 32;
        warps_per_beam = PowerOfTwoUpTo(std::max(1u, warps / live), 32);
        if (a.depth > 0) {
            unsigned useful = (std::max(1u, trie.max_fan_out[a.depth]) + 127) / 128;  // a warp walks 128 children a turn
            warps_per_beam = std::min(warps_per_beam, PowerOfTwoUpTo(useful, 32));
        }
        if (device.forced_warps) warps_per_beam = device.forced_warps;
        limit = std::min(4096u, 2 * width + 256);
        slots = width * 2 > threads * cluster ? 4 : 1;
        merge = 0;
        while (merge < 5 && (((threads * slots) >> (merge + 1)) * cluster >= 4 * width) && (((threads * slots) >> merge) * cluster > threads)) merge++;
        while ((((threads * slots) >> merge) * cluster) > std::min<unsigned>(SIDR_MAX_GROUP_KEYS, 8 * threads)) merge++;
        shared_bytes = sizeof(SidrShared) + std::uint64_t{limit} * 16 + ((threads * slots) >> merge) * 4 + std::uint64_t{local_width} * 24 + std::uint64_t{local_width} * warps_per_beam * 4;
    }
};

// The same for cuda_fast.h.
struct FastShape {
    unsigned mode, threads, cluster = 1, parts = 1, stride, chunk_beams = 0, chunks = 1, limit, local_width, tops;
    std::uint64_t shared_bytes = 0;
    bool fits = false;

    FastShape(const sidr_device& device, const TrieShape& trie, const sidr_beam_advance_args& a) {
        unsigned width = a.max_width, fan_out = std::max(1u, trie.max_fan_out[a.depth]);
        mode = a.score_mode == SIDR_SCORE_GIVEN ? 1 : a.score_mode != SIDR_SCORE_ROW ? 0 : a.row_width <= 256 ? 2 : 3;
        unsigned most_threads = mode == 3 ? SIDR_WIDE_MAX_THREADS : 1024;
        // Measured on an H200 (benchmarks/results/2026-11-26-h200-kernels): up to 64 beams, small blocks in a cluster beat one large block.
        bool is_long = fan_out > 256 || mode == 3, is_few = width <= 64 && a.depth > 0;
        threads = width <= 16 || is_few ? 512 : most_threads;
        // More blocks a request where a warp would take more than so many half beams, and where multiprocessors are idle.
        unsigned half_beams = !is_few ? (is_long ? 2 : 4) : is_long && width > 16 ? 1 : 2;
        if (device.has_clusters && (a.depth > 0 || width > 64)) {
            unsigned most = std::min<unsigned>(SIDR_MAX_CLUSTER, static_cast<unsigned>(device.multiprocessors) / a.requests);
            while (cluster * 2 <= most && 2 * width > half_beams * cluster * (threads / 32)) cluster *= 2;
        }
        if (device.forced_threads) threads = std::clamp(device.forced_threads / 32 * 32, 32u, most_threads);
        if (device.forced_cluster && device.has_clusters) cluster = PowerOfTwoUpTo(device.forced_cluster, SIDR_MAX_CLUSTER);
        local_width = (width + cluster - 1) / cluster;
        unsigned warps = threads / 32, live = a.depth == 0 ? 1 : local_width;
        if (mode == 1 || mode == 3) {
            parts = std::min({PowerOfTwoUpTo(std::max(1u, warps / live), 32), PowerOfTwoUpTo((fan_out + 127) / 128, 32), PowerOfTwoUpTo(std::max(1u, warps * 32 / local_width), 32)});
            if (device.forced_warps) parts = PowerOfTwoUpTo(device.forced_warps, warps);
        }
        unsigned units = warps / parts;
        stride = (std::max(8u, fan_out) + 7) / 8 * 8;
        // Group maxima: two a thread where one is little, and those of each beam by itself where beams are short.
        tops = (threads * cluster < 4 * width ? 1 : 0) | (fan_out <= 64 || threads * cluster < 2 * width ? 2 : 0);
        std::uint64_t budget = static_cast<std::uint64_t>(device.shared_limit);
        if (a.requests * cluster > static_cast<unsigned>(device.multiprocessors)) budget = std::min<std::uint64_t>(budget, 112 * 1024);
        for (bool all : {true, false}) {  // in one turn, or in several with longer lists
            limit = (all ? 2 : 3) * width + 256;
            std::uint64_t fixed = sizeof(SidrFastShared) + std::uint64_t{limit} * 16 + std::uint64_t{local_width} * 8;
            if (fixed > budget) return;
            std::uint64_t places = std::min<std::uint64_t>((budget - fixed) / (std::uint64_t{stride} * 4), 32 * units);
            if (all && places < local_width) continue;
            chunk_beams = static_cast<unsigned>(std::min<std::uint64_t>(places, local_width));
            if (!all && chunk_beams > units) chunk_beams = chunk_beams / units * units;
            if (chunk_beams == 0) return;
            chunks = (local_width + chunk_beams - 1) / chunk_beams;
            shared_bytes = fixed + std::uint64_t{chunk_beams} * stride * 4;
            fits = true;
            return;
        }
    }
};

unsigned Log2(unsigned power) { return static_cast<unsigned>(__builtin_ctz(power)); }

bool NeedsTiles(const sidr_beam_advance_args& a) { return a.score_mode == SIDR_SCORE_ROW && a.row_width > 4096; }

void Launch(const sidr_device& device, CUfunction function, unsigned grid, unsigned threads, std::uint64_t shared, unsigned cluster, void* stream, void* argument, bool starts_early = false) {
    void* parameters[] = {argument};
    CUstream s = static_cast<CUstream>(stream);
    if (cluster == 1 && !starts_early) {
        Check(*device.driver, device.driver->cuLaunchKernel(function, grid, 1, 1, threads, 1, 1, static_cast<unsigned>(shared), s, parameters, nullptr), "The kernel launch");
        return;
    }
    CudaLaunchAttribute attributes[2] = {};
    unsigned count = 0;
    if (cluster > 1) {
        attributes[count].id = kCudaLaunchClusterDimension;
        attributes[count].value.cluster.x = cluster;
        attributes[count].value.cluster.y = attributes[count].value.cluster.z = 1;
        count++;
    }
    if (starts_early) {
        attributes[count].id = kCudaLaunchProgrammatic;
        attributes[count].value.is_allowed = 1;
        count++;
    }
    CudaLaunchConfig config = {grid, 1, 1, threads, 1, 1, static_cast<unsigned>(shared), s, attributes, count};
    Check(*device.driver, device.driver->cuLaunchKernelEx(&config, function, parameters, nullptr), "The kernel launch");
}

// Loads the given bytes; `log` takes the driver's compiler messages.
CUresult LoadImage(const CudaDriver& driver, const void* image, CUmodule* module, std::string* log) {
    std::vector<char> text(8192);
    int options[] = {5 /* error log buffer */, 6 /* its bytes */};
    void* values[] = {text.data(), reinterpret_cast<void*>(static_cast<std::uintptr_t>(text.size()))};
    CUresult result = driver.cuModuleLoadDataEx(module, image, 2, options, values);
    text.back() = 0;
    if (result != kCudaSuccess && text[0]) *log = std::string(" ") + text.data();
    return result;
}

void LoadKernels(sidr_device& device, const char* image_path) {
    const CudaDriver& driver = *device.driver;
    std::string log;
    CUresult result = 1;
    if (image_path) {
        std::ifstream file(image_path, std::ios::binary);
        if (!file) Fail(SIDR_FILE_ERROR, "Cannot open the GPU image " + Quoted(image_path) + ".");
        std::vector<char> image((std::istreambuf_iterator<char>(file)), {});
        image.push_back(0);
        device.image = "file";
        result = LoadImage(driver, image.data(), &device.module, &log);
    } else {
        struct {
            const char* name;
            const unsigned char *begin, *end;
            int capability;
        } images[] = {{"nvcc fatbin", sidr_image_fatbin, sidr_image_fatbin_end, 80},
                      {"clang ptx sm_90", sidr_image_ptx90, sidr_image_ptx90_end, 90},
                      {"clang ptx sm_80", sidr_image_ptx80, sidr_image_ptx80_end, 80}};
        for (auto& image : images) {
            if (image.end - image.begin < 64 || device.capability < image.capability) continue;
            device.image = image.name;
            result = LoadImage(driver, image.begin, &device.module, &log);
            if (result == kCudaSuccess) break;
        }
    }
    if (device.image.empty())
        Fail(SIDR_NO_DEVICE, "No GPU image for compute capability " + Str(device.capability / 10) + "." + Str(device.capability % 10) + "; 8.0 or later is needed. Run on the CPU.");
    if (result != kCudaSuccess) Fail(SIDR_DEVICE_ERROR, "The driver refuses the GPU image (" + device.image + "): " + CudaErrorText(driver, result) + "." + log);

    auto get = [&](CUfunction* function, const char* name) { Check(driver, driver.cuModuleGetFunction(function, device.module, name), name); };
    static const char* const types[] = {"f32", "f16", "bf16"};
    for (int t = 0; t < 3; t++) {
        get(&device.step[t], (std::string("sidr_step_") + types[t]).c_str());
        get(&device.tiles[t], (std::string("sidr_tiles_") + types[t]).c_str());
        Check(driver, driver.cuFuncSetAttribute(device.step[t], kCudaFunctionMaxDynamicShared, device.shared_limit), "Raising the shared memory limit");
        static const char* const modes[] = {"children", "given", "row", "wide"};
        for (int m = 0; m < 4; m++) {
            get(&device.fast[t][m], (std::string("sidr_fast_") + types[t] + "_" + modes[m]).c_str());
            Check(driver, driver.cuFuncSetAttribute(device.fast[t][m], kCudaFunctionMaxDynamicShared, device.shared_limit), "Raising the shared memory limit");
        }
    }
    for (int m = 0; m < 2; m++) {
        get(&device.stamps[m], m == 0 ? "sidr_stamps_bf16_row" : "sidr_stamps_bf16_wide");
        Check(driver, driver.cuFuncSetAttribute(device.stamps[m], kCudaFunctionMaxDynamicShared, device.shared_limit), "Raising the shared memory limit");
    }
    get(&device.split, "sidr_step_split");
    get(&device.merge, "sidr_step_merge");
    get(&device.evaluate, "sidr_filter_evaluate_words");
    get(&device.lift, "sidr_filter_lift_depth");
}

}  // namespace

sidr_device* OpenDevice(std::int32_t ordinal, const char* image_path) {
    const CudaDriver& driver = OpenCudaDriver();
    int count = 0;
    Check(driver, driver.cuDeviceGetCount(&count), "cuDeviceGetCount");
    if (ordinal >= count) Fail(SIDR_NO_DEVICE, "There is no GPU " + Str(ordinal) + "; the driver sees " + Str(count) + ".");
    auto device = std::make_unique<sidr_device>();
    device->driver = &driver;
    Check(driver, driver.cuDeviceGet(&device->ordinal, ordinal), "cuDeviceGet");
    int major = 0, minor = 0;
    Check(driver, driver.cuDeviceGetAttribute(&major, kCudaMajor, device->ordinal), "cuDeviceGetAttribute");
    Check(driver, driver.cuDeviceGetAttribute(&minor, kCudaMinor, device->ordinal), "cuDeviceGetAttribute");
    Check(driver, driver.cuDeviceGetAttribute(&device->multiprocessors, kCudaMultiprocessors, device->ordinal), "cuDeviceGetAttribute");
    Check(driver, driver.cuDeviceGetAttribute(&device->shared_limit, kCudaSharedPerBlockOptIn, device->ordinal), "cuDeviceGetAttribute");
    Check(driver, driver.cuDriverGetVersion(&device->driver_version), "cuDriverGetVersion");
    device->capability = major * 10 + minor;
    Check(driver, driver.cuDevicePrimaryCtxRetain(&device->context, device->ordinal), "Starting the device");
    try {
        Current current(device.get());
        LoadKernels(*device, image_path);
    } catch (...) {
        driver.cuDevicePrimaryCtxRelease_v2(device->ordinal);
        throw;
    }
    device->has_clusters = device->capability >= 90 && driver.cuLaunchKernelEx && device->image != "clang ptx sm_80";
    auto is_set = [](const char* name, const char* value) {
        const char* text = std::getenv(name);
        return text && std::strcmp(text, value) == 0;
    };
    device->is_general = is_set("SIDR_CUDA_PATH", "general");
    device->writes_stamps = is_set("SIDR_CUDA_STAMPS", "1");
    device->starts_early = is_set("SIDR_CUDA_EARLY", "1") && device->has_clusters;
    if (const char* shape = std::getenv("SIDR_CUDA_SHAPE")) std::sscanf(shape, "%u,%u,%u", &device->forced_threads, &device->forced_cluster, &device->forced_warps);
    return device.release();
}

void CloseDevice(sidr_device* device) {
    if (!device) return;
    std::unique_ptr<sidr_device> owned(device);
    {
        Current current(device);
        device->driver->cuModuleUnload(device->module);
    }
    device->driver->cuDevicePrimaryCtxRelease_v2(device->ordinal);
}

void DeviceInfo(sidr_device* device, sidr_device_info* info) {
    Current current(device);
    const CudaDriver& driver = *device->driver;
    *info = {};
    info->size = sizeof *info;
    info->ordinal = device->ordinal;
    info->driver_version = device->driver_version;
    info->compute_capability = device->capability;
    info->multiprocessors = device->multiprocessors;
    info->has_clusters = device->has_clusters;
    std::size_t free_bytes = 0, total = 0;
    Check(driver, driver.cuMemGetInfo_v2(&free_bytes, &total), "cuMemGetInfo");
    info->memory_bytes = total;
    info->free_bytes = free_bytes;
    Check(driver, driver.cuDeviceGetName(info->name, sizeof info->name, device->ordinal), "cuDeviceGetName");
    std::snprintf(info->image, sizeof info->image, "%s", device->image.c_str());
}

void* DeviceAllocate(sidr_device* device, std::uint64_t bytes, bool is_host) {
    Current current(device);
    if (is_host) {
        void* pointer = nullptr;
        Check(*device->driver, device->driver->cuMemAllocHost_v2(&pointer, bytes), "Allocating page-locked memory");
        return pointer;
    }
    CUdeviceptr pointer = 0;
    Check(*device->driver, device->driver->cuMemAlloc_v2(&pointer, bytes), "Allocating device memory");
    return reinterpret_cast<void*>(static_cast<std::uintptr_t>(pointer));
}

void DeviceFree(sidr_device* device, void* pointer, bool is_host) {
    Current current(device);
    if (is_host) Check(*device->driver, device->driver->cuMemFreeHost(pointer), "Freeing page-locked memory");
    else Check(*device->driver, device->driver->cuMemFree_v2(Address(pointer)), "Freeing device memory");
}

void DeviceCopy(sidr_device* device, void* to, const void* from, std::uint64_t bytes, void* stream) {
    Current current(device);
    Check(*device->driver, device->driver->cuMemcpyAsync(Address(to), Address(from), bytes, static_cast<CUstream>(stream)), "The copy");
}

void* StreamCreate(sidr_device* device) {
    Current current(device);
    CUstream stream = nullptr;
    Check(*device->driver, device->driver->cuStreamCreate(&stream, 1 /* non-blocking */), "cuStreamCreate");
    return stream;
}

void StreamSynchronize(sidr_device* device, void* stream) {
    Current current(device);
    Check(*device->driver, device->driver->cuStreamSynchronize(static_cast<CUstream>(stream)), "The work on the stream");
}

void StreamDestroy(sidr_device* device, void* stream) {
    Current current(device);
    Check(*device->driver, device->driver->cuStreamDestroy_v2(static_cast<CUstream>(stream)), "cuStreamDestroy");
}

std::unique_ptr<Trie> UploadTrie(const Trie& trie, sidr_device* device) {
    const TrieShape& shape = trie.shape;
    std::vector<std::uint32_t> sid_first;
    if (shape.shares_sids()) {
        for (std::uint64_t i = 0; i < shape.items; i++)
            if ((trie.arrays.item_start[i >> 6] >> (i & 63)) & 1) sid_first.push_back(static_cast<std::uint32_t>(i));
        sid_first.push_back(static_cast<std::uint32_t>(shape.items));
    }
    std::uint64_t columns_at = Align256(shape.bytes), sids_at = Align256(columns_at + trie.columns.size() * 4), bytes = sids_at + sid_first.size() * 4 + 256;
    auto block = std::make_unique<DeviceBlock>(device, bytes);
    unsigned char* base = block->data();
    auto copy = std::make_unique<Trie>();
    {
        Current current(device);
        const CudaDriver& driver = *device->driver;
        Check(driver, driver.cuMemcpyHtoD_v2(Address(base), trie.image, shape.bytes), "Copying the trie");
        Check(driver, driver.cuMemcpyHtoD_v2(Address(base + columns_at), trie.columns.data(), trie.columns.size() * 4), "Copying the trie");
        if (!sid_first.empty()) Check(driver, driver.cuMemcpyHtoD_v2(Address(base + sids_at), sid_first.data(), sid_first.size() * 4), "Copying the trie");
    }
    auto moved = [&](auto* pointer) { return pointer ? reinterpret_cast<decltype(pointer)>(base + (reinterpret_cast<const unsigned char*>(pointer) - trie.image)) : nullptr; };
    copy->shape = shape;
    for (std::uint32_t d = 0; d < shape.levels; d++) {
        copy->arrays.first_child[d] = {moved(trie.arrays.first_child[d].base), moved(trie.arrays.first_child[d].low)};
        copy->arrays.end_rank[d] = moved(trie.arrays.end_rank[d]);
    }
    for (std::uint32_t d = 1; d <= shape.levels; d++) {
        copy->arrays.rank[d] = base + (static_cast<const unsigned char*>(trie.arrays.rank[d]) - trie.image);
        copy->arrays.token_of[d] = moved(trie.arrays.token_of[d]);
        copy->arrays.column_of[d] = reinterpret_cast<const std::uint32_t*>(base + columns_at) + (trie.arrays.column_of[d] - trie.columns.data());
    }
    copy->arrays.item_start = moved(trie.arrays.item_start);
    copy->arrays.item_ids = {moved(trie.arrays.item_ids.words), trie.arrays.item_ids.bits};
    copy->arrays.sid_columns = moved(trie.arrays.sid_columns);
    if (!sid_first.empty()) copy->sid_first_item = reinterpret_cast<const std::uint32_t*>(base + sids_at);
    copy->device = device;
    copy->storage = std::move(block);
    return copy;
}

namespace {

// Parts of a request in a step of two passes; 1 = one pass. Clusters do without.
unsigned Parts(const sidr_device& device, const sidr_beam_advance_args& a) {
    if (device.has_clusters || a.depth == 0) return 1;
    if (device.forced_cluster) return PowerOfTwoUpTo(device.forced_cluster, SIDR_MAX_CLUSTER);
    return a.max_width <= 64 ? 1 : PowerOfTwoUpTo(std::max(1u, static_cast<unsigned>(device.multiprocessors) / a.requests), SIDR_MAX_CLUSTER);
}

std::uint64_t TileBytes(const sidr_beam_advance_args& a) {
    std::uint64_t tiles = NeedsTiles(a) ? std::uint64_t{a.rows} * ((a.row_width + 4095) / 4096) * 8 : 0;
    return std::max<std::uint64_t>(256, Align256(tiles));
}

}  // namespace

std::uint64_t CudaWorkspaceBytes(const Trie& trie, const sidr_beam_advance_args& a) {
    std::uint64_t parts = Parts(*trie.device, a), all = parts * a.requests;
    return TileBytes(a) + (parts == 1 ? 0 : Align256(all * (std::uint64_t{a.max_width} * 20 + 8)));
}

void CudaAdvance(const Trie& trie, const sidr_beam_advance_args& a) {
    const sidr_device& device = *trie.device;
    const TrieShape& shape = trie.shape;
    std::uint32_t d = a.depth;
    bool by_token = a.column_kind == SIDR_COLUMNS_TOKEN;
    unsigned parts = Parts(device, a);
    sidr_beam_advance_args pass = a;  // as the step sees it: a part is a request
    pass.requests = a.requests * parts;
    FastShape fast(device, shape, pass);
    bool is_fast = fast.fits && !device.is_general;
    Shape cut(device, shape, pass);
    if (!is_fast && cut.shared_bytes > static_cast<std::uint64_t>(device.shared_limit))
        Fail(SIDR_DEVICE_ERROR, "The step needs " + Str(cut.shared_bytes) + " bytes of shared memory; the device has " + Str(device.shared_limit) + ". Use fewer beams.");

    SidrCudaStep s = {};
    s.logits = a.sid_logits;
    s.log_sum_exp = a.log_sum_exp;
    s.request_start = a.request_start;
    s.row = a.row;
    s.nodes = a.nodes;
    s.scores = a.scores;
    s.next_nodes = a.next_nodes ? a.next_nodes : a.nodes;
    s.next_scores = a.next_scores ? a.next_scores : a.scores;
    s.parents = a.parents;
    s.tokens = a.tokens;
    s.next_row = a.next_row;
    s.input_ids = reinterpret_cast<long long*>(a.input_ids);
    s.positions = reinterpret_cast<long long*>(a.positions);
    s.base_position = reinterpret_cast<const long long*>(a.base_position);
    s.ancestors = a.ancestors;
    s.next_ancestors = a.next_ancestors;
    s.filter_bits = a.filter_bits ? reinterpret_cast<const unsigned*>(a.filter_bits + shape.filter_offset[d + 1]) : nullptr;
    s.filter_of = a.filter_of;
    s.flags = a.flags;
    s.first_child = trie.arrays.first_child[d];
    s.next_first_child = d + 1 < shape.levels ? trie.arrays.first_child[d + 1] : SidrFirstChild{};
    s.ranks = trie.arrays.rank[d + 1];
    s.column_of = by_token ? trie.arrays.token_of[d + 1] : trie.arrays.column_of[d + 1];
    s.token_of = trie.arrays.token_of[d + 1];
    s.row_stride = a.row_stride;
    s.filter_stride = a.filter_stride * 2;
    s.depth = d;
    s.beams = a.beams;
    s.max_width = a.max_width;
    s.rows = a.rows;
    s.row_width = a.row_width;
    s.first_column = a.first_column;
    s.score_mode = a.score_mode;
    s.ancestor_stride = a.ancestor_stride;
    s.node_count = static_cast<unsigned>(shape.nodes[d]);
    s.level_tokens = shape.tokens[d + 1];
    s.column_base = by_token ? shape.token_base[d + 1] : shape.column_base[d + 1];
    s.rank_bytes = shape.rank_bytes[d + 1];
    s.cluster = cut.cluster;
    s.warps_per_beam = cut.warps_per_beam;
    s.slots = cut.slots;
    s.merge = cut.merge;
    s.limit = cut.limit;
    s.local_width = cut.local_width;
    unsigned element = a.logits_type == SIDR_F32 ? 4 : 2;
    s.vector_loads = reinterpret_cast<std::uintptr_t>(a.sid_logits) % 16 == 0 && a.row_stride * element % 16 == 0;

    Current current(&device);
    if (NeedsTiles(a) && a.rows > 0) {
        s.tile_count = (a.row_width + 4095) / 4096;
        s.tiles = static_cast<const float*>(a.workspace);
        std::uint64_t warps = std::uint64_t{a.rows} * s.tile_count;
        Launch(device, device.tiles[a.logits_type], static_cast<unsigned>((warps + 7) / 8), 256, 0, 1, a.stream, &s);
    }
    SidrCudaSplit split = {};
    unsigned places = pass.requests * a.max_width;
    if (parts > 1) {
        split.step = s;
        split.parts_log2 = Log2(parts);
        split.requests = a.requests;
        split.nodes = reinterpret_cast<unsigned*>(static_cast<unsigned char*>(a.workspace) + TileBytes(a));
        split.scores = reinterpret_cast<float*>(split.nodes + places);
        split.row = reinterpret_cast<int*>(split.scores + places);
        split.parents = split.row + places;
        split.tokens = reinterpret_cast<unsigned*>(split.parents + places);
        split.flags = split.tokens + places;
        split.filter_of = reinterpret_cast<int*>(split.flags + pass.requests);
        Launch(device, device.split, (places + 255) / 256, 256, 0, 1, a.stream, &split);
        s.request_start = nullptr;
        s.row = split.row;
        s.nodes = s.next_nodes = split.nodes;
        s.scores = s.next_scores = split.scores;
        s.parents = split.parents;
        s.tokens = split.tokens;
        s.flags = split.flags;
        s.filter_of = split.filter_of;
        s.next_row = nullptr;
        s.input_ids = s.positions = nullptr;
        s.next_ancestors = nullptr;
    }
    auto merge = [&] {
        if (parts > 1) Launch(device, device.merge, (places + 255) / 256, 256, 0, 1, a.stream, &split);
    };
    if (is_fast) {
        s.cluster = fast.cluster;
        s.warps_per_beam = fast.parts;
        s.limit = fast.limit;
        s.local_width = fast.local_width;
        s.cluster_log2 = Log2(fast.cluster);
        s.per_beam_log2 = Log2(fast.parts);
        s.stride = fast.stride;
        s.chunk_beams = fast.chunk_beams;
        s.chunks = fast.chunks;
        s.tops = fast.tops;
        s.token_base = shape.token_base[d + 1];
        s.stamps = static_cast<unsigned long long*>(a.workspace);
        bool has_stamps = device.writes_stamps && a.logits_type == SIDR_BF16 && fast.mode >= 2 && !NeedsTiles(a);
        CUfunction kernel = has_stamps ? device.stamps[fast.mode - 2] : device.fast[a.logits_type][fast.mode];
        Launch(device, kernel, pass.requests * fast.cluster, fast.threads, fast.shared_bytes, fast.cluster, a.stream, &s, device.starts_early);
        merge();
        return;
    }
    Launch(device, device.step[a.logits_type], pass.requests * cut.cluster, cut.threads, cut.shared_bytes, cut.cluster, a.stream, &s);
    merge();
}

void CudaEvaluateFilter(const Trie& trie, const sidr_filter_evaluate_args& args) {
    SidrCudaFilterEvaluate f = {};
    f.bitmaps = reinterpret_cast<const unsigned long long*>(args.bitmaps);
    f.item_bits = reinterpret_cast<unsigned long long*>(args.item_bits);
    f.words = (trie.shape.items + 63) / 64;
    f.length = args.length;
    std::copy(args.program, args.program + args.length, f.program);
    Current current(trie.device);
    Launch(*trie.device, trie.device->evaluate, static_cast<unsigned>((f.words + 255) / 256), 256, 0, 1, args.stream, &f);
}

void CudaLiftFilter(const Trie& trie, const std::uint64_t* item_bits, std::uint64_t* node_bits, void* stream) {
    const TrieShape& shape = trie.shape;
    Current current(trie.device);
    for (std::uint32_t d = shape.levels; d >= 1; d--) {
        SidrCudaFilterLift f = {};
        f.item_bits = reinterpret_cast<const unsigned long long*>(item_bits);
        f.item_ids = trie.arrays.item_ids;
        f.sid_first_item = trie.sid_first_item;
        f.first_child = d < shape.levels ? trie.arrays.first_child[d] : SidrFirstChild{};
        f.end_rank = d < shape.levels ? trie.arrays.end_rank[d] : nullptr;
        f.below = d < shape.levels ? reinterpret_cast<const unsigned*>(node_bits + shape.filter_offset[d + 1]) : nullptr;
        f.bits = reinterpret_cast<unsigned*>(node_bits + shape.filter_offset[d]);
        f.end_base = shape.end_base[d];
        f.node_count = static_cast<unsigned>(shape.nodes[d]);
        std::uint64_t end = shape.filter_offset[d + 1];  // the last depth writes the padding too
        f.word_count = static_cast<unsigned>((end - shape.filter_offset[d]) * 2);
        Launch(*trie.device, trie.device->lift, (f.word_count + 7) / 8, 256, 0, 1, stream, &f);
    }
}

}  // namespace sidr
