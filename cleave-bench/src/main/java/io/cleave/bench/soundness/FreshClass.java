package io.cleave.bench.soundness;

import static java.lang.classfile.ClassFile.ACC_FINAL;
import static java.lang.classfile.ClassFile.ACC_PUBLIC;
import static java.lang.classfile.ClassFile.ACC_STATIC;
import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.INIT_NAME;
import static java.lang.constant.ConstantDescs.MTD_void;

import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.function.LongUnaryOperator;

/**
 * A class that exists nowhere else, as bytes: a function on numbers whose work is spread over a chain of methods, each
 * with a loop. What it gives is known from its seed, by a formula, without running it.
 *
 * @param seed tells it from others
 * @param methods how many there are in the chain
 * @param loops how often each method goes round
 */
record FreshClass(long seed, int methods, int loops) {
    private static final ClassDesc FUNCTION = ClassDesc.of(LongUnaryOperator.class.getName());
    private static final MethodTypeDesc LONG_TO_LONG = MethodTypeDesc.of(CD_long, CD_long);
    private static final int ARGUMENT = 0;
    private static final int COUNTER = 2;

    private String name() {
        return "fresh.Class" + Long.toUnsignedString(seed, 36);
    }

    /** Loads it by a loader of its own and makes an instance; none of its methods in the chain is run. */
    LongUnaryOperator load() throws ReflectiveOperationException {
        return load(bytes());
    }

    /** The same, from bytes made before. */
    LongUnaryOperator load(byte[] bytes) throws ReflectiveOperationException {
        FreshLoader loader = new FreshLoader();
        loader.add(name(), bytes);
        return (LongUnaryOperator) loader.loadClass(name()).getDeclaredConstructor().newInstance();
    }

    byte[] bytes() {
        ClassDesc self = ClassDesc.of(name());
        return ClassFile.of().build(self, type -> {
            type.withFlags(ACC_PUBLIC | ACC_FINAL).withInterfaceSymbols(FUNCTION);
            plainConstructor(type, CD_Object);
            type.withMethodBody("applyAsLong", LONG_TO_LONG, ACC_PUBLIC,
                    code -> code.lload(1).invokestatic(self, "link0", LONG_TO_LONG).lreturn());
            for (int link = 0; link < methods; link++) {
                int one = link;
                type.withMethodBody("link" + link, LONG_TO_LONG, ACC_STATIC, code -> link(code, self, one));
            }
        });
    }

    static void plainConstructor(ClassBuilder type, ClassDesc parent) {
        type.withMethodBody(INIT_NAME, MTD_void, ACC_PUBLIC,
                code -> code.aload(0).invokespecial(parent, INIT_NAME, MTD_void).return_());
    }

    /** {@code for (int i = 0; i < loops; i++) x = x * factor + summand; return next(x);} */
    private void link(CodeBuilder code, ClassDesc self, int link) {
        var top = code.newLabel();
        var end = code.newLabel();
        code.iconst_0().istore(COUNTER).labelBinding(top).iload(COUNTER).loadConstant(loops).if_icmpge(end);
        code.lload(ARGUMENT).loadConstant(factor(link)).lmul().loadConstant(summand(link)).ladd().lstore(ARGUMENT);
        code.iinc(COUNTER, 1).goto_(top).labelBinding(end).lload(ARGUMENT);
        if (link + 1 < methods) {
            code.invokestatic(self, "link" + (link + 1), LONG_TO_LONG);
        }
        code.lreturn();
    }

    private long factor(int link) {
        return seed * 4 + link * 8L + 5;
    }

    private long summand(int link) {
        return seed ^ (link * 0x9E37_79B9_7F4A_7C15L);
    }

    /** What the class's function gives for a number. */
    long expected(long argument) {
        long x = argument;
        for (int link = 0; link < methods; link++) {
            long factor = factor(link);
            long summand = summand(link);
            for (int i = 0; i < loops; i++) {
                x = x * factor + summand;
            }
        }
        return x;
    }
}
