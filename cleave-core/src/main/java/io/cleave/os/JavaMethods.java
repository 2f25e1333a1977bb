package io.cleave.os;

import static io.cleave.os.Native.LONG;
import static io.cleave.os.Native.POINTER;

import io.cleave.os.WholeForkPlan.Field;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;

/**
 * The classes, fields and methods of the Java library by which the machine code of a whole fork tells threads from each
 * other: what a thread is doing is seen by the methods on its stack.
 */
final class JavaMethods {
    /** How deep a stack is searched, {@code MOST_FRAMES} in {@code wholefork.c}. */
    private static final int FRAMES = 12;

    /** Java threads that go on in the child; the first is the one that must not, as it listens to the parent's socket. */
    private static final List<String> GOING_ON = List.of("Attach Listener", "Reference Handler", "Finalizer",
            "Common-Cleaner", "Signal Dispatcher", "Notification Thread");

    /** Queues that keep a task until its time. */
    private static final List<String> DELAYING = List.of(
            "java/util/concurrent/ScheduledThreadPoolExecutor$DelayedWorkQueue", "java/util/concurrent/DelayQueue");

    private final WholeForkPlan plan;
    private final Arena arena;
    private final Jvmti jvmti;
    private final long jni;

    private JavaMethods(WholeForkPlan plan, Arena arena, Jvmti jvmti) throws Throwable {
        this.plan = plan;
        this.arena = arena;
        this.jvmti = jvmti;
        this.jni = jvmti.jni();
    }

    /**
     * Writes them into a plan.
     *
     * @throws UnsupportedOperationException where this JVM's threads are laid out differently
     */
    static void describe(WholeForkPlan plan, Arena arena, Jvmti jvmti) throws Throwable {
        JavaMethods methods = new JavaMethods(plan, arena, jvmti);
        methods.describeThreadClasses();
        methods.describeIdle();
        methods.describeNames();
        plan.set(Field.FRAMES, arena.allocate(FRAMES * 16L, 8).address());
    }

    private void describeThreadClasses() throws Throwable {
        MethodHandle field = Jni.function(jni, Jni.GET_FIELD_ID,
                FunctionDescriptor.of(LONG, LONG, LONG, POINTER, POINTER));
        long thread = type("java/lang/Thread");
        long eetop = (long) field.invokeExact(jni, thread, arena.allocateFrom("eetop"), arena.allocateFrom("J"));
        if (eetop == 0) {
            throw new UnsupportedOperationException("this JVM's threads have no field eetop");
        }
        plan.set(Field.EETOP, eetop);
        plan.set(Field.START, methods("java/lang/Thread", "start0").getFirst());
        plan.set(Field.CARRIER, type("jdk/internal/misc/CarrierThread"));
        plan.set(Field.VIRTUAL_THREAD, type("java/lang/BaseVirtualThread"));
    }

    /** Where a worker of an executor waits for something to do, and where one waits that will do it at a time. */
    private void describeIdle() throws Throwable {
        List<Long> delayed = new ArrayList<>();
        for (String queue : DELAYING) {
            delayed.addAll(methods(queue, "take"));
            delayed.addAll(methods(queue, "poll"));
        }
        plan.set(Field.DELAYED, array(delayed));
        plan.set(Field.DELAYED_COUNT, delayed.size());
        List<Long> idle = new ArrayList<>();
        idle.addAll(methods("java/util/concurrent/ForkJoinPool", "awaitWork"));
        idle.addAll(methods("java/util/concurrent/ThreadPoolExecutor", "getTask"));
        plan.set(Field.IDLE, array(idle));
        plan.set(Field.IDLE_COUNT, idle.size());
    }

    /** A program may give its threads such names, too, and has them in groups of its own. */
    private void describeNames() {
        Jni.Held innocuous = Jni.Held.in("jdk.internal.misc.InnocuousThread", "INNOCUOUSTHREADGROUP");
        Jni.Held system = innocuous == null ? null : innocuous.part("parent");
        if (innocuous == null || system == null) {
            throw new UnsupportedOperationException("this JVM does not tell the groups of its own threads");
        }
        plan.set(Field.GROUPS, array(List.of(innocuous.reference(), system.reference())));
        plan.set(Field.GROUP_COUNT, 2);
        plan.set(Field.NAMES, array(GOING_ON.stream().map(name -> arena.allocateFrom(name).address()).toList()));
        plan.set(Field.NAME_COUNT, GOING_ON.size());
    }

    private long type(String name) throws Throwable {
        return Jni.findClass(jni, arena, name);
    }

    /** At least one. */
    private List<Long> methods(String className, String name) throws Throwable {
        List<Long> methods = jvmti.methods(type(className), name);
        if (methods.isEmpty()) {
            throw new UnsupportedOperationException(
                    "this JVM's " + className.replace('/', '.') + " has no method " + name);
        }
        return methods;
    }

    private long array(List<Long> numbers) {
        MemorySegment array = arena.allocate(numbers.size() * 8L, 8);
        for (int i = 0; i < numbers.size(); i++) {
            array.setAtIndex(LONG, i, numbers.get(i));
        }
        return array.address();
    }
}
