// Two passes for devices without clusters, where a request of many beams would keep one multiprocessor busy and the others idle. A request is split into parts:
// beam b becomes beam b / parts of part b mod parts, a part has as many places as its request and is a request of its own to the step (cuda_fast.h or the
// general one), which keeps the best of each. Then every place of every part counts the better ones: its own are sorted, the others are searched by halving.
// Scores, order and ties are those of one pass: a part's order is the request's, since b / parts ascends with b.

// Spreads a request's beams over its parts; the live ones come first, the places after them are unused.
SIDR_DEVICE void sidr_split(const SidrCudaSplit& p) {
    const SidrCudaStep& s = p.step;
    unsigned at = sidr_block() * sidr_threads() + sidr_tid(), part = at / s.max_width, i = at % s.max_width, request = part >> p.parts_log2;
    if (request >= p.requests) return;
    unsigned begin = s.request_start ? s.request_start[request] : request * s.max_width;
    unsigned width = s.request_start ? s.request_start[request + 1] - begin : s.max_width;
    unsigned beam = (i << p.parts_log2) + (part & ((1u << p.parts_log2) - 1)), index = begin + beam;
    bool exists = beam < width;
    p.nodes[at] = exists ? s.nodes[index] : SIDR_DEAD;
    p.scores[at] = exists ? s.scores[index] : SIDR_MINUS_INFINITY;
    p.row[at] = exists ? (s.row ? s.row[index] : (int)index) : -1;
    if (i == 0 && s.filter_bits) p.filter_of[part] = s.filter_of[request];
}

// Whether place i of a part comes before (key, beam); unused places come last.
SIDR_DEVICE bool sidr_is_before(const SidrCudaSplit& p, unsigned part, unsigned i, unsigned key, unsigned beam) {
    unsigned at = part * p.step.max_width + i;
    if (p.parents[at] < 0) return false;
    unsigned other = sidr_key(p.scores[at]);
    unsigned theirs = ((unsigned)p.parents[at] << p.parts_log2) + (part & ((1u << p.parts_log2) - 1));
    return other > key || (other == key && theirs < beam);
}

// How many places of a part come before (key, beam).
SIDR_DEVICE unsigned sidr_places_before(const SidrCudaSplit& p, unsigned part, unsigned key, unsigned beam) {
    unsigned low = 0, high = p.step.max_width;
    while (low < high) {
        unsigned middle = (low + high) >> 1;
        if (sidr_is_before(p, part, middle, key, beam)) low = middle + 1;
        else high = middle;
    }
    return low;
}

// A thread takes a place of a part: it writes it where it belongs among the request's, and fills the request's place of the same number if that stays unused.
SIDR_DEVICE void sidr_merge(const SidrCudaSplit& p) {
    const SidrCudaStep& s = p.step;
    unsigned at = sidr_block() * sidr_threads() + sidr_tid(), part = at / s.max_width, i = at % s.max_width;
    unsigned request = part >> p.parts_log2, parts = 1u << p.parts_log2, first = request << p.parts_log2;
    if (request >= p.requests) return;
    unsigned begin = s.request_start ? s.request_start[request] : request * s.max_width;
    unsigned width = s.request_start ? s.request_start[request + 1] - begin : s.max_width;
    unsigned flags = 0, found = 0, place = i;
    for (unsigned k = 0; k < parts; k++) flags |= p.flags[first + k];
    long long position = s.positions ? s.base_position[request] + s.depth : 0;
    SidrWinner w = {SIDR_DEAD, SIDR_DEAD, -1, -1, -1, false};
    if (part == first) {  // what nobody takes
        if (flags == 0)
            for (unsigned k = 0; k < parts; k++) found += sidr_places_before(p, first + k, 0, 0);
        if (i >= found && i < width) sidr_write(s, begin, i, SIDR_MINUS_INFINITY, position, w);
        if (i == 0 && s.flags) s.flags[request] = flags;
    }
    if (flags != 0 || p.parents[at] < 0) return;
    float score = p.scores[at];
    unsigned key = sidr_key(score), beam = ((unsigned)p.parents[at] << p.parts_log2) + (part - first);
    for (unsigned k = 0; k < parts; k++)
        if (first + k != part) place += sidr_places_before(p, first + k, key, beam);
    if (place >= width) return;
    w.node = p.nodes[at];
    w.token = p.tokens[at];
    w.parent = (int)beam;
    if (s.next_row && s.next_first_child && w.token != SIDR_DEAD) w.goes_on = s.next_first_child[w.node] != s.next_first_child[w.node + 1];
    if (s.next_ancestors) {
        const int* in = s.ancestors + (sidr_u64)(begin + beam) * s.ancestor_stride;
        if (s.depth > 0) w.ancestor0 = in[0];
        if (s.depth > 1) w.ancestor1 = in[1];
    }
    sidr_write(s, begin, place, score, position, w);
}
