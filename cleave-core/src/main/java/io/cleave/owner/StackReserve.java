package io.cleave.owner;

import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_void;
import static java.lang.constant.ConstantDescs.INIT_NAME;
import static java.lang.constant.ConstantDescs.MTD_void;

import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandles;

/**
 * The stack that an operation needs to get to its end: who takes a lock in shared memory makes sure of it before.
 *
 * <h2>Overview</h2>
 *
 * A {@link StackOverflowError} can come wherever a method is called, also in a {@code finally} that is to release a lock,
 * and nobody further up may have enough stack for it either. Other processes would then wait for a lock that nobody holds
 * and whose process lives. So where the stack is to overflow, it should do that before anything has been taken.
 *
 * <p>
 * The JVM looks on entry to a method whether there is stack for its frame. For compiled code, whose frames are smaller and
 * stand for several methods, it looks whether there is stack for the frames that the interpreter would need instead, as it
 * may have to replace one by the others. So a call of a method that has a great many local variables makes sure of as much
 * stack as they would take, whoever runs it. No method of the Java language has that many, so this one is generated; its
 * branch that is never taken is what makes a compiler believe that the interpreter's frame may be needed.
 *
 * <p>
 * The cost is a store into each page of that stack, some nanoseconds in all.
 */
public final class StackReserve {
    /** How much there is after {@link #check}: several times what the interpreter needs for any operation of a heap. */
    public static final int BYTES = 32 << 10;

    private static final int LOCALS = BYTES / Long.BYTES;
    private static final Frame FRAME = generate();
    /** Always 0, which no compiler knows. */
    private static volatile int none;

    /** A method with a large frame. */
    interface Frame {
        /**
         * Does nothing.
         *
         * @param none always 0
         */
        void enter(int none);
    }

    private StackReserve() {
    }

    /**
     * Makes sure that the caller may call methods to a depth of {@link #BYTES} from now on.
     *
     * @throws StackOverflowError where it may not
     */
    public static void check() {
        FRAME.enter(none);
    }

    private static Frame generate() {
        MethodHandles.Lookup lookup = MethodHandles.lookup();
        ClassDesc frame = Frame.class.describeConstable().orElseThrow();
        ClassDesc generated = ClassDesc.of(StackReserve.class.getPackageName(), "StackReserveFrame");
        byte[] bytes = ClassFile.of().build(generated, type -> type.withInterfaceSymbols(frame)
                .withMethodBody(INIT_NAME, MTD_void, 0,
                        code -> code.aload(0).invokespecial(CD_Object, INIT_NAME, MTD_void).return_())
                .withMethodBody("enter", MethodTypeDesc.of(CD_void, CD_int), ClassFile.ACC_PUBLIC,
                        StackReserve::enter));
        try {
            Class<?> type = lookup.defineHiddenClass(bytes, true).lookupClass();
            return (Frame) type.getDeclaredConstructor().newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** {@code if (none != 0) { last = none; throw null; }}, with a last local variable behind very many. */
    private static void enter(CodeBuilder code) {
        Label usual = code.newLabel();
        code.iload(1).ifeq(usual).iload(1).istore(LOCALS - 1).aconst_null().athrow().labelBinding(usual).return_();
    }
}
