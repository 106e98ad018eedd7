// Compiles the device source with NVIDIA's own compiler, where a libnvrtc can be opened; exits 77 where none can.
// usage: nvrtc_check SOURCE_FOLDER ARCHITECTURE [IMAGE_TO_WRITE]
#include <dlfcn.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

std::string Read(const std::string& path) {
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::printf("usage: nvrtc_check SOURCE_FOLDER ARCHITECTURE [IMAGE_TO_WRITE]\n");
        return 2;
    }
    void* library = nullptr;
    for (const char* name : {"libnvrtc.so", "libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2"})
        if (!library) library = dlopen(name, RTLD_NOW);
    if (!library) {
        std::printf("SKIPPED: no libnvrtc to be opened\n");
        return 77;
    }
    auto create = reinterpret_cast<int (*)(void**, const char*, const char*, int, const char* const*, const char* const*)>(dlsym(library, "nvrtcCreateProgram"));
    auto compile = reinterpret_cast<int (*)(void*, int, const char* const*)>(dlsym(library, "nvrtcCompileProgram"));
    auto log_size = reinterpret_cast<int (*)(void*, std::size_t*)>(dlsym(library, "nvrtcGetProgramLogSize"));
    auto log = reinterpret_cast<int (*)(void*, char*)>(dlsym(library, "nvrtcGetProgramLog"));
    auto image_size = reinterpret_cast<int (*)(void*, std::size_t*)>(dlsym(library, "nvrtcGetCUBINSize"));
    auto image = reinterpret_cast<int (*)(void*, char*)>(dlsym(library, "nvrtcGetCUBIN"));

    std::string folder = argv[1], source = Read(folder + "/beam_cuda.cu");
    std::vector<std::string> texts;
    std::vector<const char*> headers, names = {"cuda_compat.h", "cuda_args.h", "cuda_fast.h", "cuda_split.h", "beam_math.h", "packed.h"};
    for (const char* name : names) texts.push_back(Read(folder + "/" + name));
    for (auto& text : texts) headers.push_back(text.c_str());
    void* program = nullptr;
    create(&program, source.c_str(), "beam_cuda.cu", static_cast<int>(headers.size()), headers.data(), names.data());
    std::string architecture = std::string("--gpu-architecture=") + argv[2];
    const char* options[] = {architecture.c_str(), "--std=c++17", "--fmad=false"};
    int result = compile(program, 3, options);
    std::size_t size = 0;
    log_size(program, &size);
    std::vector<char> text(size + 1);
    log(program, text.data());
    std::printf("%s", text.data());
    if (result != 0) {
        std::printf("NVRTC refuses the device source for %s: error %d\n", argv[2], result);
        return 1;
    }
    image_size(program, &size);
    std::vector<char> cubin(size);
    image(program, cubin.data());
    std::printf("NVRTC compiled the device source for %s: %zu bytes\n", argv[2], size);
    if (argc > 3) std::ofstream(argv[3], std::ios::binary).write(cubin.data(), static_cast<std::streamsize>(size));
    return size > 0 ? 0 : 1;
}
