package io.cleave.os;

import static io.cleave.os.Native.LONG;

import io.cleave.os.WholeForkPlan.Field;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Where HotSpot keeps its threads, monitors and heap, as it tells debuggers: for the machine code of a whole fork. */
final class HotSpotOffsets {
    private HotSpotOffsets() {
    }

    /**
     * Writes them into a plan.
     *
     * @throws UnsupportedOperationException where this JVM does not tell one of them
     */
    static void describe(WholeForkPlan plan, Arena arena, WholeFork.Collector collector) {
        VmStructs hotSpot = new VmStructs();
        describeThreads(plan, hotSpot);
        describeHeap(plan, hotSpot, arena, collector);
    }

    private static void describeThreads(WholeForkPlan plan, VmStructs hotSpot) {
        plan.set(Field.THREAD_LIST, hotSpot.place("ThreadsSMRSupport._java_thread_list"));
        plan.set(Field.LIST_LENGTH_AT, hotSpot.place("ThreadsList._length"));
        plan.set(Field.LIST_THREADS_AT, hotSpot.place("ThreadsList._threads"));
        plan.set(Field.STATE_AT, hotSpot.place("JavaThread._thread_state"));
        plan.set(Field.IN_NATIVE, VmStructs.constant("_thread_in_native"));
        plan.set(Field.OSTHREAD_AT, hotSpot.place("Thread._osthread"));
        plan.set(Field.OS_TID_AT, hotSpot.place("OSThread._thread_id"));
        plan.set(Field.OS_STATE_AT, hotSpot.place("OSThread._state"));
        plan.set(Field.PARKED_STATE, VmStructs.constant("CONDVAR_WAIT"));
        long lockStack = hotSpot.place("JavaThread._lock_stack");
        plan.set(Field.LOCK_STACK_AT, lockStack + hotSpot.place("LockStack._top"));
        plan.set(Field.LOCK_BASE_AT, lockStack + hotSpot.place("LockStack._base[0]"));
        plan.set(Field.CARRIED_AT, hotSpot.place("JavaThread._vthread"));
        plan.set(Field.OWNER_ID_AT, hotSpot.place("JavaThread._monitor_owner_id"));
        plan.set(Field.MONITORS, hotSpot.place("ObjectSynchronizer._in_use_list") + hotSpot.place("MonitorList._head"));
        plan.set(Field.MONITOR_OWNER_AT, hotSpot.place("ObjectMonitor._owner"));
        plan.set(Field.MONITOR_NEXT_AT, hotSpot.place("ObjectMonitor._next_om"));
        long counters = VmStructs.read(hotSpot.place("PerfMemory._start"));
        plan.set(Field.PERF, counters);
        plan.set(Field.PERF_BYTES, counters == 0 ? 0 : VmStructs.read(hotSpot.place("PerfMemory._capacity")));
    }

    private static void describeHeap(WholeForkPlan plan, VmStructs hotSpot, Arena arena,
            WholeFork.Collector collector) {
        long heap = hotSpot.place("Universe._collectedHeap");
        plan.set(Field.COLLECTING, VmStructs.read(heap) + hotSpot.place("CollectedHeap._is_stw_gc_active"));
        switch (collector) {
            case G1 -> {
                plan.set(Field.HEAP, heap);
                long base = hotSpot.place("G1HeapRegionTable._base");
                plan.set(Field.REGIONS_AT, hotSpot.place("G1CollectedHeap._hrm")
                        + hotSpot.place("G1HeapRegionManager._regions") + base);
                plan.set(Field.REGION_COUNT_AT, hotSpot.place("G1HeapRegionTable._length") - base);
                plan.set(Field.REGION_BOTTOM_AT, hotSpot.place("G1HeapRegion._bottom"));
                plan.set(Field.REGION_END_AT, hotSpot.place("G1HeapRegion._end"));
                plan.set(Field.REGION_FREE, VmStructs.constant("G1HeapRegionType::FreeTag"));
                plan.set(Field.REGION_TYPE_AT,
                        hotSpot.place("G1HeapRegion._type") + hotSpot.place("G1HeapRegionType._tag"));
            }
            case PARALLEL -> {
                long young = VmStructs.read(hotSpot.place("ParallelScavengeHeap._young_gen"));
                long eden = VmStructs.read(young + hotSpot.place("PSYoungGen._eden_space"));
                describeFree(plan, arena, eden + hotSpot.place("MutableSpace._top"),
                        eden + hotSpot.place("MutableSpace._end"));
            }
            case SERIAL -> {
                long young = VmStructs.read(VmStructs.read(heap) + hotSpot.place("SerialHeap._young_gen"));
                long eden = VmStructs.read(young + hotSpot.place("DefNewGeneration._eden_space"));
                describeFree(plan, arena, eden + hotSpot.place("ContiguousSpace._top"),
                        eden + hotSpot.place("ContiguousSpace._end"));
            }
        }
    }

    private static void describeFree(WholeForkPlan plan, Arena arena, long top, long end) {
        MemorySegment spaces = arena.allocate(WholeForkPlan.SPACE_BYTES, 8);
        spaces.set(LONG, 0, top);
        spaces.set(LONG, 8, end);
        plan.set(Field.SPACES, spaces.address());
        plan.set(Field.SPACE_COUNT, 1);
    }
}
