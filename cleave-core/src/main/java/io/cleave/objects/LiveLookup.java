package io.cleave.objects;

import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Access to the interface of a live object that is enough to define a hidden class beside it.
 *
 * <p>
 * The JDK gives that to code of the interface's own module alone. Access to the package is enough to define a class
 * that is not hidden: so where Cleave is another module, there is one such class in the package, which looks itself
 * up, and which nobody can ask for that who has no access to the package anyway.
 */
final class LiveLookup {
    private static final String NAME = "CleaveLookup$";
    private static final String METHOD = "lookup";

    private LiveLookup() {
    }

    /**
     * Full access to an interface.
     *
     * @param user of the user's, with access to the interface; null where its package must be open
     * @throws IllegalArgumentException where it is not
     */
    static MethodHandles.Lookup in(Class<?> type, MethodHandles.@Nullable Lookup user) {
        LiveLookup.class.getModule().addReads(type.getModule());
        MethodHandles.Lookup lookup = privateIn(type, user);
        if (lookup.hasFullPrivilegeAccess()) {
            return lookup;
        }
        try {
            Class<?> helper = helper(type, lookup);
            MethodHandles.Lookup own = (MethodHandles.Lookup) privateIn(helper, user)
                    .findStatic(helper, METHOD, MethodType.methodType(MethodHandles.Lookup.class)).invoke();
            return MethodHandles.privateLookupIn(type, own);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalArgumentException("there cannot be live objects of " + type.getTypeName()
                    + ", as there is no access to its package: " + e, e);
        }
    }

    private static MethodHandles.Lookup privateIn(Class<?> type, MethodHandles.@Nullable Lookup user) {
        try {
            return MethodHandles.privateLookupIn(type, user == null ? MethodHandles.lookup() : user);
        } catch (IllegalAccessException e) {
            throw new IllegalArgumentException("there cannot be live objects of " + type.getTypeName() + ": "
                    + (user == null
                            ? "its package is not open to Cleave; write \"opens " + type.getPackageName()
                                    + " to io.cleave;\" in the module " + type.getModule().getName()
                                    + ", or give SharedHeap.object a MethodHandles.lookup() of that module"
                            : "the lookup of " + user.lookupClass().getTypeName() + " has no access to its package; "
                                    + "call MethodHandles.lookup() in the module of the interface"),
                    e);
        }
    }

    /**
     * The class of ours that is in the interface's package. A parent of its class loader may have one of the same name,
     * which is in another package, though it is called the same: then the next name is taken.
     */
    private static Class<?> helper(Class<?> type, MethodHandles.Lookup lookup) throws IllegalAccessException {
        String name = type.getPackageName() + (type.getPackageName().isEmpty() ? "" : ".") + NAME;
        synchronized (LiveLookup.class) { // of two who define it one would fail
            for (int number = 0;; number++) {
                String numbered = number == 0 ? name : name + number;
                try {
                    Class<?> found = Class.forName(numbered, false, type.getClassLoader());
                    if (Objects.equals(found.getClassLoader(), type.getClassLoader())
                            && found.getModule().equals(type.getModule())) {
                        return found;
                    }
                } catch (ClassNotFoundException e) {
                    return lookup.defineClass(bytes(numbered));
                }
            }
        }
    }

    private static byte[] bytes(String name) {
        ClassDesc lookup = MethodHandles.Lookup.class.describeConstable().orElseThrow();
        ClassDesc handles = MethodHandles.class.describeConstable().orElseThrow();
        MethodTypeDesc type = MethodTypeDesc.of(lookup);
        return ClassFile.of().build(ClassDesc.of(name), builder -> {
            builder.withFlags(ClassFile.ACC_FINAL | ClassFile.ACC_SYNTHETIC | ClassFile.ACC_SUPER);
            builder.withMethodBody(METHOD, type, ClassFile.ACC_PRIVATE | ClassFile.ACC_STATIC,
                    code -> code.invokestatic(handles, METHOD, type).areturn());
        });
    }
}
