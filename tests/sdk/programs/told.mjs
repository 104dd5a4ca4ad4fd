// Tells what came of a call, as told.py does.
export function told(error) {
  const text = error ? `${error.name} ${error.code ?? ""} ${error.message}`.replaceAll("\n", " ") : "";
  console.log(JSON.stringify([Date.now() / 1000, text]));
}
