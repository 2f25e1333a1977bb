package io.cleave.objects;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.runtime.ObjectMethods;
import org.jspecify.annotations.Nullable;

/** Whether records of a class are equal just where their components are, which only the class file tells. */
final class RecordEquality {
    private static final String COMPILERS = ObjectMethods.class.descriptorString();

    private RecordEquality() {
    }

    /** Why records of a class may be equal where their components are not, or the other way; null where they are not. */
    static @Nullable String flaw(Class<?> type) {
        byte[] file = fileOf(type);
        if (file == null) {
            return "its class file cannot be found, so that nobody knows how its equals works";
        }
        ClassModel model = ClassFile.of().parse(file);
        for (MethodModel method : model.methods()) {
            if (method.methodName().equalsString("equals")
                    && method.methodType().equalsString("(Ljava/lang/Object;)Z")) {
                return isCompilers(method) ? null
                        : "it has an equals of its own, so that equal ones may have different bytes; let the compiler "
                                + "make it";
            }
        }
        return "it has no equals, which every record has";
    }

    private static byte @Nullable [] fileOf(Class<?> type) {
        String path = type.getName().substring(type.getName().lastIndexOf('.') + 1) + ".class";
        try (InputStream in = type.getResourceAsStream(path)) {
            return in == null ? null : in.readAllBytes();
        } catch (IOException e) {
            return null;
        }
    }

    private static boolean isCompilers(MethodModel method) {
        return method.code().isPresent() && method.code().get().elementStream()
                .anyMatch(element -> element instanceof InvokeDynamicInstruction call && COMPILERS
                        .equals(call.invokedynamic().bootstrap().bootstrapMethod().reference().owner().asSymbol()
                                .descriptorString()));
    }
}
