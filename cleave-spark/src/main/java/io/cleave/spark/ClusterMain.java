package io.cleave.spark;

import java.lang.reflect.InvocationTargetException;
import java.util.Arrays;

/** Runs a Master or Worker of Spark's that ends with the process which has started it, also where that is killed. */
final class ClusterMain {
    private static final long LOOK_MILLIS = 500;
    private static final int ORPHANED = 3;

    private ClusterMain() {
    }

    /**
     * Runs a main class.
     *
     * @param arguments the process to end with, the main class, and what that is to get
     * @throws ReflectiveOperationException where there is no such class
     */
    public static void main(String[] arguments) throws ReflectiveOperationException {
        ProcessHandle starter = ProcessHandle.of(Long.parseLong(arguments[0])).orElse(null);
        Thread.ofPlatform().daemon().name("cleave-starter-watch").start(() -> {
            while (starter != null && starter.isAlive()) {
                try {
                    Thread.sleep(LOOK_MILLIS);
                } catch (InterruptedException e) {
                    break;
                }
            }
            ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
            Runtime.getRuntime().halt(ORPHANED);
        });
        try {
            Class.forName(arguments[1]).getMethod("main", String[].class).invoke(null,
                    (Object) Arrays.copyOfRange(arguments, 2, arguments.length));
        } catch (InvocationTargetException e) {
            throw new IllegalStateException(arguments[1] + " has failed: " + e.getCause(), e.getCause());
        }
    }
}
