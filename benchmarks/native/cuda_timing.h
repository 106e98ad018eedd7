// Streams captured into CUDA graphs, and events, by the driver that the library has opened already.
#pragma once

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

namespace bench {

class CudaTiming {
public:
    CudaTiming() {
        library_ = dlopen("libcuda.so.1", RTLD_NOW);
        if (!library_) Stop("libcuda.so.1 cannot be opened", 0);
        Get(begin_, "cuStreamBeginCapture_v2");
        Get(end_, "cuStreamEndCapture");
        Get(instantiate_, "cuGraphInstantiateWithFlags");
        Get(launch_, "cuGraphLaunch");
        Get(destroy_exec_, "cuGraphExecDestroy");
        Get(destroy_, "cuGraphDestroy");
        Get(event_create_, "cuEventCreate");
        Get(event_record_, "cuEventRecord");
        Get(event_elapsed_, "cuEventElapsedTime");
        Get(synchronize_, "cuStreamSynchronize");
        int (*retain)(void**, int);
        int (*device)(int*, int);
        int (*push)(void*);
        Get(retain, "cuDevicePrimaryCtxRetain");
        Get(device, "cuDeviceGet");
        Get(push, "cuCtxPushCurrent_v2");
        int ordinal;
        void* context;
        Check(device(&ordinal, 0), "cuDeviceGet");
        Check(retain(&context, ordinal), "cuDevicePrimaryCtxRetain");
        Check(push(context), "cuCtxPushCurrent");
        Check(event_create_(&from_, 0), "cuEventCreate");
        Check(event_create_(&to_, 0), "cuEventCreate");
    }

    // Captures what `body` gives to the stream.
    template <class Body>
    void* Capture(void* stream, Body body) {
        void *graph, *exec;
        Check(begin_(stream, 2 /* relaxed */), "cuStreamBeginCapture");
        body();
        Check(end_(stream, &graph), "cuStreamEndCapture");
        Check(instantiate_(&exec, graph, 0), "cuGraphInstantiate");
        Check(destroy_(graph), "cuGraphDestroy");
        return exec;
    }

    // Milliseconds of device time of one replay.
    double Replay(void* exec, void* stream) {
        Check(event_record_(from_, stream), "cuEventRecord");
        Check(launch_(exec, stream), "cuGraphLaunch");
        Check(event_record_(to_, stream), "cuEventRecord");
        Check(synchronize_(stream), "cuStreamSynchronize");
        float ms = 0;
        Check(event_elapsed_(&ms, from_, to_), "cuEventElapsedTime");
        return ms;
    }

    void Destroy(void* exec) { Check(destroy_exec_(exec), "cuGraphExecDestroy"); }

private:
    [[noreturn]] static void Stop(const char* what, int code) {
        std::fprintf(stderr, "%s: error %d\n", what, code);
        std::exit(1);
    }
    static void Check(int code, const char* what) {
        if (code != 0) Stop(what, code);
    }
    template <class F>
    void Get(F& function, const char* name) {
        function = reinterpret_cast<F>(dlsym(library_, name));
        if (!function) Stop(name, -1);
    }

    void* library_;
    void *from_, *to_;
    int (*begin_)(void*, int);
    int (*end_)(void*, void**);
    int (*instantiate_)(void**, void*, unsigned long long);
    int (*launch_)(void*, void*);
    int (*destroy_exec_)(void*);
    int (*destroy_)(void*);
    int (*event_create_)(void**, unsigned);
    int (*event_record_)(void*, void*);
    int (*event_elapsed_)(float*, void*, void*);
    int (*synchronize_)(void*);
};

}  // namespace bench
