package io.cleave.testing;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;

/** What a {@link ChildJvm} starts with: it runs a main class until the parent dies.
 * Its arguments are the parent's process id, the main class and the arguments of that. */
final class ChildMain {

    private ChildMain() {
    }

    public static void main(String[] arguments) throws Throwable {
        ProcessHandle parent = ProcessHandle.of(Long.parseLong(arguments[0])).orElseThrow();
        var _ = parent.onExit().thenRun(() -> Runtime.getRuntime().halt(1));
        Method main = Class.forName(arguments[1]).getDeclaredMethod("main", String[].class);
        main.setAccessible(true);
        try {
            main.invoke(null, (Object) Arrays.copyOfRange(arguments, 2, arguments.length));
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
