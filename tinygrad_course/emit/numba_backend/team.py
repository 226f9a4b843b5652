"""Threads that share a step's largest loops and products: workers of our own, asleep while there is nothing to do.

A job is a compiled function of a part's number. Whoever is free takes the next part, the caller too: where no worker
comes (a forked child, a busy machine, a platform without POSIX threads) the caller does them all, and nobody waits for
one that has not begun. What a part computes does not depend on who does it, so results are the same with any number of
threads. Workers hold no Python lock. A second caller at the same time does its job alone.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import platform
import threading
from typing import Any

import llvmlite.binding as llvm
import numba
import numpy as np
from llvmlite import ir
from numba import int32, int64, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

MOST = 8  # threads; memory is the limit long before
PATIENCE = 3000  # turns of a worker that waits, before it goes to sleep
# Places in the shared state, in words; what different threads write lies on different cache lines.
OPEN, DONE, SLEEPING, STOP, BUSY, CODE, JOB, LOCK, BELL, SIZE = 0, 8, 16, 17, 18, 24, 25, 32, 40, 48
I64 = ir.IntType(64)
_state = np.zeros(SIZE + 8, np.int64)
_state = _state[-(_state.ctypes.data // 8) % 8 :][:SIZE]
_HERE = "tinygrad_course_team"
llvm.add_symbol(_HERE, _state.ctypes.data)
_pointer = types.CPointer(int64)


# --- atomic access to the state ---------------------------------------------------------------------------------------


def _place(context: Any, builder: Any, index: Any) -> Any:
    module = builder.module
    found = module.globals.get(_HERE)
    if found is None:
        found = ir.GlobalVariable(module, ir.ArrayType(I64, SIZE), _HERE)
    return builder.gep(found, [ir.Constant(I64, 0), index])


@intrinsic(prefer_literal=False)
def get(typing: Any, index: Any) -> Any:
    """A word of the state."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load_atomic(_place(context, builder, args[0]), "seq_cst", 8)

    return int64(int64), code


@intrinsic(prefer_literal=False)
def put(typing: Any, index: Any, value: Any) -> Any:
    """Set a word of the state."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store_atomic(args[1], _place(context, builder, args[0]), "seq_cst", 8)
        return context.get_dummy_value()

    return types.void(int64, int64), code


@intrinsic(prefer_literal=False)
def add(typing: Any, index: Any, value: Any) -> Any:
    """Add to a word of the state."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.atomic_rmw("add", _place(context, builder, args[0]), args[1], "seq_cst")
        return context.get_dummy_value()

    return types.void(int64, int64), code


@intrinsic(prefer_literal=False)
def swap(typing: Any, index: Any, old: Any, new: Any) -> Any:
    """Replace a word of the state if it is `old`; whether it was."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        both = builder.cmpxchg(_place(context, builder, args[0]), args[1], args[2], "seq_cst", "seq_cst")
        return builder.extract_value(both, 1)

    return types.boolean(int64, int64, int64), code


@intrinsic(prefer_literal=False)
def place(typing: Any, index: Any) -> Any:
    """The address of a word of the state."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _place(context, builder, args[0])

    return _pointer(int64), code


@intrinsic(prefer_literal=False)
def breathe(typing: Any) -> Any:
    """Tell the processor that this is a loop that waits."""
    nothing = ir.FunctionType(ir.VoidType(), [])

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if platform.machine() in ("x86_64", "AMD64"):
            builder.call(cgutils.get_or_insert_function(builder.module, nothing, "llvm.x86.sse2.pause"), [])
        return context.get_dummy_value()

    return types.void(), code


# --- jobs: functions of a part's number, and of a list of addresses ---------------------------------------------------


@intrinsic(prefer_literal=False)
def entry(typing: Any, function: Any) -> Any:
    """The address of a compiled ``function(part, addresses)``."""
    found = function.get_call_type(typing, (int64, _pointer), {})

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        compiled = function.dispatcher.overloads[found.args]
        context.active_code_library.add_linking_library(compiled.library)
        return builder.ptrtoint(context.declare_function(builder.module, compiled.fndesc), I64)

    return int64(function), code


@intrinsic(prefer_literal=False)
def perform(typing: Any, address: Any, part: Any, job: Any) -> Any:
    """Call the function at an address."""
    arguments = (int64, _pointer)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = context.call_conv.get_function_type(types.none, arguments)
        function = builder.inttoptr(args[0], kind.as_pointer())
        listed = builder.inttoptr(args[2], I64.as_pointer())
        context.call_conv.call_function(builder, function, types.none, arguments, [args[1], listed])
        return context.get_dummy_value()

    return types.void(int64, int64, int64), code


@intrinsic(prefer_literal=False)
def listed(typing: Any, pointers: Any) -> Any:
    """The address of a list of addresses, which lasts as long as the calling function."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kept = cgutils.alloca_once(builder, ir.ArrayType(I64, max(len(pointers), 1)))
        for i, p in enumerate(cgutils.unpack_tuple(builder, args[0])):
            spot = builder.gep(kept, [ir.Constant(I64, 0), ir.Constant(I64, i)])
            builder.store(builder.ptrtoint(p, I64), spot)
        return builder.ptrtoint(kept, I64)

    return int64(pointers), code


@intrinsic(prefer_literal=False)
def address(typing: Any, job: Any, index: Any, dtype: Any) -> Any:
    """An entry of such a list, as a pointer to `dtype`."""
    result = types.CPointer(dtype.dtype)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        number = builder.load(builder.gep(args[0], [args[1]]))
        return builder.inttoptr(number, context.get_value_type(result))

    return result(job, int64, dtype), code


# --- the team ---------------------------------------------------------------------------------------------------------

_lock = types.ExternalFunction("pthread_mutex_lock", int32(_pointer))
_unlock = types.ExternalFunction("pthread_mutex_unlock", int32(_pointer))
_wait = types.ExternalFunction("pthread_cond_wait", int32(_pointer, _pointer))
_ring = types.ExternalFunction("pthread_cond_broadcast", int32(_pointer))
_yield = types.ExternalFunction("sched_yield", int32())


@njit(error_model="numpy")
def take() -> Any:
    """One more than the number of a part that is ours from now on; 0 if there is none."""
    left = get(OPEN)
    while left > 0 and not swap(OPEN, left, left - 1):
        left = get(OPEN)
    return left


@njit(error_model="numpy")
def hand_out(code: Any, parts: Any, job: Any) -> Any:
    """Have all parts of a job done: by workers and by this thread."""
    if get(SLEEPING) < 0 or not swap(BUSY, 0, 1):
        for part in range(parts):
            perform(code, part, job)
        return
    put(CODE, code)
    put(JOB, job)
    put(DONE, 0)
    put(OPEN, parts)
    if get(SLEEPING):
        _lock(place(LOCK))
        _ring(place(BELL))
        _unlock(place(LOCK))
    part = take()
    while part:
        perform(code, part - 1, job)
        add(DONE, 1)
        part = take()
    turns = 0
    while get(DONE) != parts:
        turns += 1
        if turns % 1024:
            breathe()
        else:
            _yield()
    put(BUSY, 0)


ATTEND = '''\
"""What a worker of tinygrad_course does until the process ends."""

from tinygrad_course.emit.numba_backend.team import attend


def main(arena):
    attend()
    return 0
'''


@njit(error_model="numpy")
def attend() -> Any:
    """Take parts until the team stops; sleep when there has been none for a while."""
    turns = 0
    while get(STOP) == 0:
        part = take()
        if part:
            perform(get(CODE), part - 1, get(JOB))
            add(DONE, 1)
            turns = 0
        elif turns < PATIENCE:
            turns += 1
            breathe()
        else:
            _lock(place(LOCK))
            add(SLEEPING, 1)
            while get(OPEN) == 0 and get(STOP) == 0:
                _wait(place(BELL), place(LOCK))
            add(SLEEPING, -1)
            _unlock(place(LOCK))
            turns = 0


_workers: list[threading.Thread] = []
_starting = threading.Lock()
_libc: Any = ctypes.CDLL(None) if os.name == "posix" else None


def size() -> int:
    """How many threads share a job: as many as there are processors for us, or as ``NUMBA_NUM_THREADS`` says."""
    given = [numba.config.NUMBA_NUM_THREADS, MOST]
    given += [
        int(n) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS") if (n := os.environ.get(name, "")).isdigit()
    ]
    return max(1, min(given)) if os.name == "posix" else 1


def start() -> None:
    """Have the workers, if they are not there yet."""
    from .load import compiled_main

    with _starting:
        if _workers or size() == 1:
            return
        work = compiled_main(ATTEND, [], "a worker", nogil=True)
        _prepare()
        for _ in range(size() - 1):
            worker = threading.Thread(target=work, args=(np.zeros(1, np.uint8),), name="tinygrad_course", daemon=True)
            worker.start()
            _workers.append(worker)


def _prepare() -> None:
    _state[...] = 0
    _libc.pthread_mutex_init(ctypes.c_void_p(_state[LOCK:].ctypes.data), None)
    _libc.pthread_cond_init(ctypes.c_void_p(_state[BELL:].ctypes.data), None)


def stop() -> None:
    """Send the workers home: compiled code is taken away when the process ends, and nobody must be in it then."""
    if _workers:
        _state[STOP] = 1
        lock = ctypes.c_void_p(_state[LOCK:].ctypes.data)
        _libc.pthread_mutex_lock(lock)
        _libc.pthread_cond_broadcast(ctypes.c_void_p(_state[BELL:].ctypes.data))
        _libc.pthread_mutex_unlock(lock)
        for worker in _workers:
            worker.join(1.0)
        _workers.clear()


def _alone() -> None:
    """A forked child has no workers: what it runs it does alone, until a program is compiled or loaded there."""
    global _starting
    _starting = threading.Lock()
    _workers.clear()
    _state[...] = 0
    _state[SLEEPING] = -1


_state[SLEEPING] = -1  # nobody is there: jobs are done by their callers
atexit.register(stop)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_alone)
