package io.cleave.cli.demo;

import java.lang.classfile.Attributes;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.classfile.constantpool.ConstantPool;
import java.lang.classfile.constantpool.MemberRefEntry;
import java.lang.classfile.constantpool.StringEntry;
import java.lang.classfile.instruction.ConstantInstruction.LoadConstantInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The counts over all instructions of one class. Counting goes by constant pool entry; names are looked up once. */
final class CodeCounts {
    private static final int OPCODES = Opcode.values().length;
    private static final int LONGEST_STRING = 60;

    private final int[] byOpcode = new int[OPCODES];
    private final int[] byEntry;

    final int[] codeSizes;
    int unknownCalls;
    int dynamicCalls;
    int[] calls = {};
    int[] opcodes = {};
    String[] strings = {};
    int[] stringCounts = {};

    CodeCounts(ClassIndex index, ClassNode node, ClassModel model) {
        byEntry = new int[model.constantPool().size()];
        codeSizes = new int[node.methodCount()];
        for (MethodModel method : model.methods()) {
            method.findAttribute(Attributes.code()).ifPresent(code -> {
                codeSizes[node.declared(ClassIndex.key(method)) - node.firstMethod()] = code.codeLength();
                count(code);
            });
        }
        opcodes = pairs(byOpcode);
        resolve(index, model.constantPool());
    }

    @SuppressWarnings("EnumOrdinal") // whoever reads the facts runs the same JDK
    private void count(CodeAttribute code) {
        for (CodeElement element : code) {
            if (element instanceof Instruction instruction) {
                byOpcode[instruction.opcode().ordinal()]++;
                if (instruction instanceof InvokeInstruction call) {
                    byEntry[call.method().index()]++;
                } else if (instruction instanceof InvokeDynamicInstruction) {
                    dynamicCalls++;
                } else if (instruction instanceof LoadConstantInstruction load) {
                    byEntry[load.constantEntry().index()]++;
                }
            }
        }
    }

    private void resolve(ClassIndex index, ConstantPool pool) {
        int[] byMethod = new int[byEntry.length * 2];
        int methods = 0;
        List<String> texts = new ArrayList<>();
        int[] textCounts = new int[byEntry.length];
        for (int i = 1; i < byEntry.length; i++) {
            if (byEntry[i] == 0) {
                continue;
            }
            switch (pool.entryByIndex(i)) {
                case MemberRefEntry called -> {
                    int method = method(index, called);
                    if (method < 0) {
                        unknownCalls += byEntry[i];
                    } else {
                        byMethod[methods++] = method;
                        byMethod[methods++] = byEntry[i];
                    }
                }
                case StringEntry string when string.utf8().length() <= LONGEST_STRING -> {
                    textCounts[texts.size()] = byEntry[i];
                    texts.add(string.stringValue());
                }
                default -> {
                    // numbers, classes and long texts are not of interest
                }
            }
        }
        calls = Arrays.copyOf(byMethod, methods);
        strings = texts.toArray(String[]::new);
        stringCounts = Arrays.copyOf(textCounts, strings.length);
    }

    private static int method(ClassIndex index, MemberRefEntry called) {
        ClassNode owner = index.find(called.owner().asInternalName());
        return owner == null ? -1 : owner.resolve(called.name().stringValue() + called.type().stringValue());
    }

    /** The places of an array that are not 0, each with its value. */
    private static int[] pairs(int[] counts) {
        int[] pairs = new int[counts.length * 2];
        int length = 0;
        for (int i = 0; i < counts.length; i++) {
            if (counts[i] != 0) {
                pairs[length++] = i;
                pairs[length++] = counts[i];
            }
        }
        return Arrays.copyOf(pairs, length);
    }
}
