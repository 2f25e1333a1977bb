package io.cleave.cli.doctor;

import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * A thread that keeps the JIT compiler at work: it makes one new class after the other and runs its loop until it has
 * been compiled. Forking is hardest while somebody compiles.
 */
final class CompilerLoad {
    private static final int CALLS = 3_000;
    private static final int ROUNDS = 200;
    private static final int INT = 1;

    private final Thread thread = new Thread(this::run, "cleave-doctor-load");
    private volatile boolean stopped;

    static CompilerLoad start() {
        CompilerLoad load = new CompilerLoad();
        load.thread.setDaemon(true);
        load.thread.start();
        return load;
    }

    void stop() {
        stopped = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        for (int factor = 3; !stopped; factor += 2) {
            try {
                MethodHandle loop = fresh(factor);
                for (int i = 0; i < CALLS && !stopped; i++) {
                    int _ = (int) loop.invokeExact(ROUNDS);
                }
            } catch (Throwable t) {
                throw new IllegalStateException("the load for the compiler failed", t);
            }
        }
    }

    /** A function like no other before: {@code int f(int n) { int s = 0; while (n > 0) { s = s * factor + n; n--; } }}. */
    static MethodHandle fresh(int factor) throws IllegalAccessException, NoSuchMethodException {
        ClassDesc name = ClassDesc.of(CompilerLoad.class.getPackageName() + ".Fresh");
        byte[] bytes = ClassFile.of().build(name, type -> type.withMethodBody("f",
                MethodTypeDesc.of(ConstantDescs.CD_int, ConstantDescs.CD_int), ClassFile.ACC_STATIC,
                code -> loop(code, factor)));
        MethodHandles.Lookup lookup = MethodHandles.lookup().defineHiddenClass(bytes, true);
        return lookup.findStatic(lookup.lookupClass(), "f", MethodType.methodType(int.class, int.class));
    }

    private static void loop(CodeBuilder code, int factor) {
        Label head = code.newLabel();
        Label end = code.newLabel();
        code.iconst_0().istore(INT).labelBinding(head).iload(0).ifle(end);
        code.iload(INT).loadConstant(factor).imul().iload(0).iadd().istore(INT);
        code.iinc(0, -1).goto_(head).labelBinding(end).iload(INT).ireturn();
    }
}
