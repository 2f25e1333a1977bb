package io.cleave.bench.soundness;

import static java.lang.classfile.ClassFile.ACC_ABSTRACT;
import static java.lang.classfile.ClassFile.ACC_FINAL;
import static java.lang.classfile.ClassFile.ACC_PRIVATE;
import static java.lang.classfile.ClassFile.ACC_PUBLIC;
import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;
import static java.lang.constant.ConstantDescs.INIT_NAME;
import static java.lang.constant.ConstantDescs.MTD_void;

import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.function.LongUnaryOperator;

/**
 * A class without subclasses, or an abstract one with one, and code that was compiled on the assumption that there are no
 * others; and a subclass, not yet loaded, which breaks the assumption. Whoever loads it makes the JVM throw that code away,
 * for which it needs a thread that a forked child does not have unless it is a whole JVM.
 */
final class OverriddenClass {
    private static final ClassDesc BASE = ClassDesc.of("fresh.Base");
    private static final ClassDesc FIRST = ClassDesc.of("fresh.First");
    private static final ClassDesc HEIR = ClassDesc.of("fresh.Heir");
    private static final ClassDesc CALLER = ClassDesc.of("fresh.Caller");
    private static final ClassDesc FUNCTION = ClassDesc.of(LongUnaryOperator.class.getName());
    private static final MethodTypeDesc LONG_TO_LONG = MethodTypeDesc.of(CD_long, CD_long);
    private static final MethodTypeDesc BASE_TO_VOID = MethodTypeDesc.of(CD_void, BASE);
    private static final int CALLS = 100;
    private static final int ROUNDS_UNTIL_HOT = 20_000;

    private final FreshLoader loader = new FreshLoader();
    private final long summand;

    /** Makes the classes, loads all but the heir, and calls what shall be compiled until it is. */
    OverriddenClass(long summand) throws ReflectiveOperationException {
        this.summand = summand;
        loader.add("fresh.Base", base());
        loader.add("fresh.First", first());
        loader.add("fresh.Heir", heir());
        loader.add("fresh.Caller", caller());
        LongUnaryOperator hot = callerOf(isAbstract() ? "fresh.First" : "fresh.Base");
        long x = 0;
        for (int round = 0; round < ROUNDS_UNTIL_HOT; round++) {
            x = hot.applyAsLong(x);
        }
        if (x != summand * CALLS * ROUNDS_UNTIL_HOT) {
            throw new IllegalStateException("the base class computes wrongly: " + x);
        }
    }

    private LongUnaryOperator callerOf(String name) throws ReflectiveOperationException {
        Object target = loader.loadClass(name).getDeclaredConstructor().newInstance();
        return (LongUnaryOperator) loader.loadClass("fresh.Caller")
                .getDeclaredConstructor(loader.loadClass("fresh.Base"))
                .newInstance(target);
    }

    /** Loads the heir and has the compiled code call it. */
    long callHeir(long argument) throws ReflectiveOperationException {
        return callerOf("fresh.Heir").applyAsLong(argument);
    }

    /** What {@link #callHeir} must give. */
    long expected(long argument) {
        return argument + CALLS * (2 * summand);
    }

    private boolean isAbstract() {
        return (summand & 1) != 0;
    }

    private byte[] base() {
        return ClassFile.of().build(BASE, type -> {
            FreshClass.plainConstructor(type.withFlags(isAbstract() ? ACC_PUBLIC | ACC_ABSTRACT : ACC_PUBLIC),
                    CD_Object);
            if (isAbstract()) {
                type.withMethod("add", LONG_TO_LONG, ACC_PUBLIC | ACC_ABSTRACT, method -> {});
                return;
            }
            type.withMethodBody("add", LONG_TO_LONG, ACC_PUBLIC,
                    code -> code.lload(1).loadConstant(summand).ladd().lreturn());
        });
    }

    private byte[] first() {
        return ClassFile.of().build(FIRST, type -> {
            FreshClass.plainConstructor(type.withFlags(ACC_PUBLIC | ACC_FINAL).withSuperclass(BASE), BASE);
            type.withMethodBody("add", LONG_TO_LONG, ACC_PUBLIC,
                    code -> code.lload(1).loadConstant(summand).ladd().lreturn());
        });
    }

    private byte[] heir() {
        return ClassFile.of().build(HEIR, type -> {
            FreshClass.plainConstructor(type.withFlags(ACC_PUBLIC | ACC_FINAL).withSuperclass(BASE), BASE);
            if (isAbstract()) {
                type.withMethodBody("add", LONG_TO_LONG, ACC_PUBLIC,
                        code -> code.lload(1).loadConstant(2 * summand).ladd().lreturn());
                return;
            }
            type.withMethodBody("add", LONG_TO_LONG, ACC_PUBLIC, code -> code.aload(0).lload(1)
                    .invokespecial(BASE, "add", LONG_TO_LONG).loadConstant(summand).ladd().lreturn());
        });
    }

    private static byte[] caller() {
        return ClassFile.of().build(CALLER, type -> {
            type.withFlags(ACC_PUBLIC | ACC_FINAL).withInterfaceSymbols(FUNCTION);
            type.withField("target", BASE, ACC_PRIVATE | ACC_FINAL);
            type.withMethodBody(INIT_NAME, BASE_TO_VOID, ACC_PUBLIC,
                    code -> code.aload(0).invokespecial(CD_Object, INIT_NAME, MTD_void).aload(0).aload(1)
                            .putfield(CALLER, "target", BASE).return_());
            type.withMethodBody("applyAsLong", LONG_TO_LONG, ACC_PUBLIC, OverriddenClass::callInLoop);
        });
    }

    /** {@code for (int i = 0; i < CALLS; i++) x = target.add(x); return x;} */
    private static void callInLoop(CodeBuilder code) {
        var top = code.newLabel();
        var end = code.newLabel();
        code.iconst_0().istore(3).labelBinding(top).iload(3).loadConstant(CALLS).if_icmpge(end);
        code.aload(0).getfield(CALLER, "target", BASE).lload(1).invokevirtual(BASE, "add", LONG_TO_LONG).lstore(1);
        code.iinc(3, 1).goto_(top).labelBinding(end).lload(1).lreturn();
    }
}
