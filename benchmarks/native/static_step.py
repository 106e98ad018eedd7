#!/usr/bin/env python3
"""STATIC's PyTorch step (arXiv:2602.22647), written again op for op, eager and compiled; the rival of gpu_bench in the same run.

The operations and their order are those of the reference's sparse transition: log_softmax over the row, row pointers, a gather of every node's widest
fan-out from the interleaved [token, state] table, a gather of log-probabilities, where() with a fresh tensor of minus infinity, top-k over
beams * fan-out, and the gathers of token, state and history. Level 2 of three, the sparse form on all levels, so that the search is exact.
Prints one line a case; --json FILE writes the same as JSON lines. Needs PyTorch with CUDA; --cpu runs tiny sizes on the CPU to try the program.
"""
import argparse
import json
import statistics
import sys
import time

import torch
import torch.nn.functional as F


def build_index(items, codes, levels, generator):
    """Row pointers and [token, next state] pairs of a random catalogue; state t + 1 is level-0 token t, 0 is the sink."""
    sids = torch.randint(codes, (items, levels), generator=generator, dtype=torch.int64)
    keys = torch.zeros(items, dtype=torch.int64)
    depth_keys = []
    for level in range(levels):
        keys = keys * codes + sids[:, level]
        depth_keys.append(torch.unique(keys))
    offsets, total = [], 1 + codes  # states: sink, the codes level-0 tokens, then each deeper level
    for level in range(levels - 1):
        offsets.append(1 if level == 0 else total)
        total += 0 if level == 0 else len(depth_keys[level])
    tokens, nexts, counts = [], [], [torch.zeros(1, dtype=torch.int64)]
    fan_outs = [len(depth_keys[0])]
    for level in range(levels - 1):
        child = depth_keys[level + 1]
        parent = child // codes
        position = parent if level == 0 else torch.searchsorted(depth_keys[level], parent)
        count = torch.bincount(position, minlength=codes if level == 0 else len(depth_keys[level]))
        counts.append(count)
        fan_outs.append(int(count.max()))
        tokens.append(child % codes)
        nexts.append(offsets[level + 1] + torch.arange(len(child)) if level + 1 < levels - 1 else torch.zeros(len(child), dtype=torch.int64))
    counts = torch.cat(counts)
    indptr = torch.zeros(len(counts) + 1, dtype=torch.int64)
    indptr[1:] = torch.cumsum(counts, 0)
    pairs = torch.stack([torch.cat(tokens), torch.cat(nexts)], 1).to(torch.int32)
    pairs = torch.cat([pairs, torch.zeros(codes, 2, dtype=torch.int32)])
    return pairs, indptr, fan_outs


def gather_beams(x, index):
    shape = list(index.shape) + [1] * (x.dim() - 2)
    return x.gather(1, index.view(shape).expand(list(index.shape) + list(x.shape[2:])))


def make_step(pairs, indptr, limit, batch, beams, codes, device):
    def step(logits, states, scores, history):
        log_probs = F.log_softmax(logits, dim=-1)
        flat = states.view(batch * beams)
        starts = indptr[flat.long()]
        lengths = indptr[flat.long() + 1] - starts
        offsets = torch.arange(limit, device=device)
        places = (starts.unsqueeze(1) + offsets.unsqueeze(0)).clamp(max=pairs.size(0) - 1)
        found = pairs[places]
        tokens, nexts = found[..., 0], found[..., 1]
        valid = offsets.unsqueeze(0) < lengths.unsqueeze(1)
        candidates = log_probs.gather(1, tokens.long().clamp(max=codes - 1))
        candidates = torch.where(valid, candidates, torch.tensor(-float("inf"), device=device))
        total = (scores.unsqueeze(2) + candidates.view(batch, beams, limit)).view(batch, beams * limit)
        best, index = torch.topk(total, beams, dim=-1)
        parents = index // limit
        new_tokens = gather_beams(tokens.reshape(batch, beams * limit), index)
        new_states = gather_beams(nexts.reshape(batch, beams * limit), index)
        history = gather_beams(history, parents)
        history[:, :, 1] = new_tokens
        return best, new_states, history

    return step


def time_calls(call, sets, device, calls):
    for i in range(5):
        call(sets[i % len(sets)])
    times = []
    for _ in range(7):
        if device.type == "cuda":
            begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            torch.cuda.synchronize()
            begin.record()
            for i in range(calls):
                call(sets[i % len(sets)])
            end.record()
            torch.cuda.synchronize()
            times.append(begin.elapsed_time(end) * 1000 / calls)
        else:
            start = time.perf_counter()
            for i in range(calls):
                call(sets[i % len(sets)])
            times.append((time.perf_counter() - start) * 1e6 / calls)
    return statistics.median(times)


def graph_of(function, sets, arguments, calls):
    """Device time of a captured graph of `calls` steps."""
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        for i in range(3):
            function(sets[i % len(sets)], *arguments)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=stream):
        for i in range(calls):
            function(sets[i % len(sets)], *arguments)
    times = []
    for _ in range(10):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        torch.cuda.synchronize()
        begin.record()
        graph.replay()
        end.record()
        torch.cuda.synchronize()
        times.append(begin.elapsed_time(end) * 1000 / calls)
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json")
    parser.add_argument("--cpu", action="store_true")
    parser.add_argument("--seconds", type=float, default=90, help="begin no compilation after this time")
    options = parser.parse_args()
    begun = time.time()
    torch.set_grad_enabled(False)
    device = torch.device("cpu" if options.cpu else "cuda")
    name = "cpu" if options.cpu else torch.cuda.get_device_name()
    print(f"PyTorch {torch.__version__}, {name}", flush=True)
    sink = open(options.json, "w") if options.json else None
    generator = torch.Generator().manual_seed(3)
    prepared = []
    for codes in ([16] if options.cpu else [256, 2048]):
        pairs, indptr, fan_outs = build_index(2000 if options.cpu else 1_000_000, codes, 3, generator)
        pairs, indptr = pairs.to(device), indptr.to(device)
        for batch, beams in ([(1, 4)] if options.cpu else [(1, 10), (1, 50), (64, 50), (1, 500), (64, 10), (64, 500)]):
            rows, limit = batch * beams, fan_outs[1]
            count = 2 if rows > 10000 else 8
            sets = [torch.randn(rows, codes, device=device) * 3 for _ in range(count)]
            states = torch.randint(1, codes + 1, (batch, beams), device=device, dtype=torch.int32)
            scores = torch.sort(torch.randn(batch, beams, device=device), descending=True).values
            history = torch.zeros(batch, beams, 3, device=device, dtype=torch.int32)
            step = make_step(pairs, indptr, limit, batch, beams, codes, device)
            calls = 5 if rows > 10000 or options.cpu else 50
            eager = time_calls(lambda x: step(x, states, scores, history), sets, device, calls)
            report(sink, name, codes, batch, beams, limit, "eager", eager)
            if rows <= 10000:
                prepared.append((codes, batch, beams, limit, step, sets, (states, scores, history), calls))
    # The cases of the goals' ratios first; each takes some seconds to compile.
    prepared.sort(key=lambda p: (p[2] != 50, p[1] != 1))
    for codes, batch, beams, limit, step, sets, arguments, calls in prepared:
        for mode in ("device time in a CUDA graph", "reduce-overhead"):
            if time.time() - begun > options.seconds:
                print("no time left to compile the rest", flush=True)
                break
            try:
                torch._dynamo.reset()
                if options.cpu:
                    torch.compile(step, dynamic=False)(sets[0], *arguments)
                    continue
                if mode == "reduce-overhead":
                    reduced = torch.compile(step, mode=mode, dynamic=False)
                    us = time_calls(lambda x: reduced(x, *arguments), sets, device, calls)
                else:
                    us = graph_of(torch.compile(step, dynamic=False), sets, arguments, 16)
                report(sink, name, codes, batch, beams, limit, "compiled, " + mode, us)
            except Exception as error:  # one case must not cost the others
                print(f"codes {codes} batch {batch} beams {beams} {mode}: {type(error).__name__}: {str(error)[:300]}", flush=True)
    if sink:
        sink.close()


def report(sink, gpu, codes, batch, beams, limit, how, us):
    print(f"STATIC codes {codes:4}  batch {batch:2}  beams {beams:3}  fan-out {limit:4}  {us:9.1f} us  {how}", flush=True)
    if sink:
        sink.write(json.dumps({"what": "static", "gpu": gpu, "codes": codes, "batch": batch, "beams": beams, "fan_out": limit, "how": how, "us": round(us, 2)}) + "\n")
        sink.flush()


if __name__ == "__main__":
    main()
