using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace SIDReasoner.Train.Native;

/// <summary>Operators that TorchSharp does not offer, called through the C interface of libtorch's own dispatcher, gradients included.</summary>
/// <remarks>
/// A stack slot is 64 bits: a tensor is a new handle (the callee consumes it), a double its bits, a bool or int its value, an optional 0 or a
/// pointer to a heap slot, a list a list handle. A refused call returns a code (libtorch writes the reason to standard error) and becomes an
/// exception here. Costs about 1.5 us a call, as TorchSharp's own do. Thread-safe as the operators are.
/// </remarks>
internal static unsafe partial class TorchDispatcher
{
    private const string Library = "libtorch_cpu";
    private const ulong AbiVersion = 0x020a_0000_0000_0000; // libtorch 2.10

    /// <summary>Root-mean-square normalization over the last dimension: x / sqrt(mean(x^2) + epsilon) * weight.</summary>
    /// <param name="input">float [.., D].</param>
    /// <param name="weight">float [D], of the input's type.</param>
    /// <param name="epsilon">Added to the mean of squares.</param>
    /// <returns>A new tensor of the input's shape, in the current dispose scope.</returns>
    public static Tensor RmsNorm(Tensor input, Tensor weight, double epsilon)
    {
        // aten::rms_norm(Tensor input, SymInt[] normalized_shape, Tensor? weight, float? eps)
        Check(torch_new_list_reserve_size(1, out nint shape), "torch_new_list_reserve_size");
        Check(torch_list_push_back(shape, (ulong)weight.shape[0]), "torch_list_push_back");
        ulong* stack = stackalloc ulong[4];
        stack[0] = Handle(input);
        stack[1] = (ulong)shape;
        stack[2] = Box(Handle(weight));
        stack[3] = Box(BitConverter.DoubleToUInt64Bits(epsilon));
        Check(torch_call_dispatcher("aten::rms_norm", "", stack, AbiVersion), "aten::rms_norm");
        GC.KeepAlive(input);
        GC.KeepAlive(weight);
        return Tensor.UnsafeCreateTensor((nint)stack[0]);
    }

    /// <summary>Rows of a table by index; its gradient adds into the rows used.</summary>
    /// <param name="weight">float [rows, D].</param>
    /// <param name="indices">int64 [..], each below the table's rows.</param>
    /// <returns>A new tensor [.., D], in the current dispose scope.</returns>
    public static Tensor Embedding(Tensor weight, Tensor indices)
    {
        // aten::embedding(Tensor weight, Tensor indices, SymInt padding_idx, bool scale_grad_by_freq, bool sparse)
        ulong* stack = stackalloc ulong[5];
        stack[0] = Handle(weight);
        stack[1] = Handle(indices);
        stack[2] = unchecked((ulong)-1L);
        stack[3] = 0;
        stack[4] = 0;
        Check(aoti_torch_call_dispatcher("aten::embedding", "", stack), "aten::embedding");
        GC.KeepAlive(weight);
        GC.KeepAlive(indices);
        return Tensor.UnsafeCreateTensor((nint)stack[0]);
    }

    /// <summary>softmax(q k^T / sqrt(D) + mask) v with grouped heads: each key head serves H / H_kv query heads.</summary>
    /// <param name="query">float [B, H, T, D].</param>
    /// <param name="key">float [B, H_kv, S, D].</param>
    /// <param name="value">float [B, H_kv, S, D].</param>
    /// <param name="mask">bool (true = may look) or float (added), broadcast to [B, H, T, S]; null = none.</param>
    /// <param name="isCausal">Row t sees keys 0 to t (aligned at the top left, so only for T = S); excludes a mask.</param>
    /// <returns>A new tensor [B, H, T, D], in the current dispose scope.</returns>
    public static Tensor Attention(Tensor query, Tensor key, Tensor value, Tensor? mask, bool isCausal)
    {
        ulong* stack = stackalloc ulong[8];
        stack[0] = Handle(query);
        stack[1] = Handle(key);
        stack[2] = Handle(value);
        stack[3] = mask is null ? 0 : Box(Handle(mask));
        stack[4] = BitConverter.DoubleToUInt64Bits(0); // dropout
        stack[5] = isCausal ? 1u : 0u;
        stack[6] = 0; // scale: 1 / sqrt(D)
        stack[7] = query.shape[1] == key.shape[1] ? 0u : 1u; // enable_gqa
        Check(aoti_torch_call_dispatcher("aten::scaled_dot_product_attention", "", stack), "aten::scaled_dot_product_attention");
        GC.KeepAlive(query);
        GC.KeepAlive(key);
        GC.KeepAlive(value);
        GC.KeepAlive(mask);
        return Tensor.UnsafeCreateTensor((nint)stack[0]);
    }

    /// <summary>One fused AdamW step on one tensor, in place: decoupled decay, then the bias-corrected update.</summary>
    /// <param name="parameter">float, changed.</param>
    /// <param name="gradient">float, same shape.</param>
    /// <param name="mean">First moment, float, same shape, changed.</param>
    /// <param name="variance">Second moment, float, same shape, changed.</param>
    /// <param name="step">float [1]: the number of this update, counted from 1.</param>
    /// <param name="learningRate">Rate of this update.</param>
    /// <param name="beta1">Decay of the first moment.</param>
    /// <param name="beta2">Decay of the second moment.</param>
    /// <param name="weightDecay">Decoupled decay, times the rate.</param>
    /// <param name="epsilon">Added to the root of the second moment.</param>
    public static void FusedAdamW(
        Tensor parameter, Tensor gradient, Tensor mean, Tensor variance, Tensor step, double learningRate, double beta1, double beta2, double weightDecay, double epsilon)
    {
        // aten::_fused_adamw_(Tensor[] self, Tensor[] grads, Tensor[] exp_avgs, Tensor[] exp_avg_sqs, Tensor[] max_exp_avg_sqs, Tensor[] state_steps, *,
        //   float lr, float beta1, float beta2, float weight_decay, float eps, bool amsgrad, bool maximize, Tensor? grad_scale, Tensor? found_inf) -> ()
        ulong* stack = stackalloc ulong[15];
        stack[0] = List(parameter);
        stack[1] = List(gradient);
        stack[2] = List(mean);
        stack[3] = List(variance);
        stack[4] = List(null);
        stack[5] = List(step);
        stack[6] = BitConverter.DoubleToUInt64Bits(learningRate);
        stack[7] = BitConverter.DoubleToUInt64Bits(beta1);
        stack[8] = BitConverter.DoubleToUInt64Bits(beta2);
        stack[9] = BitConverter.DoubleToUInt64Bits(weightDecay);
        stack[10] = BitConverter.DoubleToUInt64Bits(epsilon);
        stack[11] = 0;
        stack[12] = 0;
        stack[13] = 0;
        stack[14] = 0;
        Check(torch_call_dispatcher("aten::_fused_adamw_", "", stack, AbiVersion), "aten::_fused_adamw_");
        GC.KeepAlive(parameter);
        GC.KeepAlive(gradient);
        GC.KeepAlive(mean);
        GC.KeepAlive(variance);
        GC.KeepAlive(step);
    }

    /// <summary>The address of a tensor's first element.</summary>
    /// <param name="tensor">A tensor in host memory.</param>
    /// <returns>The address; valid while the tensor's storage lives.</returns>
    public static nint DataPointer(Tensor tensor)
    {
        Check(aoti_torch_get_data_ptr(tensor.Handle, out nint pointer), "aoti_torch_get_data_ptr");
        GC.KeepAlive(tensor);
        return pointer;
    }

    private static ulong Handle(Tensor tensor)
    {
        Check(aoti_torch_new_tensor_handle(tensor.Handle, out nint handle), "aoti_torch_new_tensor_handle");
        GC.KeepAlive(tensor);
        return (ulong)handle;
    }

    private static ulong Box(ulong slot)
    {
        ulong* box = (ulong*)NativeMemory.Alloc(sizeof(ulong)); // malloc: the callee frees it
        *box = slot;
        return (ulong)box;
    }

    private static ulong List(Tensor? tensor)
    {
        Check(torch_new_list_reserve_size(1, out nint list), "torch_new_list_reserve_size");
        if (tensor is not null)
        {
            Check(torch_list_push_back(list, Handle(tensor)), "torch_list_push_back");
        }

        return (ulong)list;
    }

    private static void Check(int code, string what)
    {
        if (code != 0)
        {
            throw new InvalidOperationException($"libtorch refused '{what}' (code {code}); its reason is on standard error.");
        }
    }

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int aoti_torch_call_dispatcher(string name, string overload, ulong* stack);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int torch_call_dispatcher(string name, string overload, ulong* stack, ulong abiVersion);

    [LibraryImport(Library)]
    private static partial int aoti_torch_new_tensor_handle(nint tensor, out nint handle);

    [LibraryImport(Library)]
    private static partial int aoti_torch_get_data_ptr(nint tensor, out nint pointer);

    [LibraryImport(Library)]
    private static partial int torch_new_list_reserve_size(nuint size, out nint list);

    [LibraryImport(Library)]
    private static partial int torch_list_push_back(nint list, ulong element);
}
