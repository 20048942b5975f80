-- Runs an action of composer's in Ardour without its editor, which stands in for it here.
-- arg: the session's folder, the script, and the time selection in ticks (or none none).

AudioEngine:set_backend ("None (Dummy)", "", "")
ARDOUR.config ():set_save_history (true)
ARDOUR.config ():set_saved_history_depth (20)
Session = load_session (arg[1], "song")
assert (Session)
local playlist = Session:route_by_name ("MIDI 1"):to_track ():playlist ()
local from, to = tonumber (arg[3]) or -1, tonumber (arg[4]) or -1

Editor = {}
function Editor:get_selection ()
	return {
		regions = {regionlist = function () return playlist:region_list () end},
		time = {
			empty = function () return from < 0 end,
			start_time = function () return Temporal.timepos_t.from_ticks (from) end,
			end_time = function () return Temporal.timepos_t.from_ticks (to) end,
		},
	}
end

function ardour (description) end
dofile (arg[2])
factory () ()

for region in playlist:region_list ():iter () do
	local model = region:to_midiregion ():midi_source (0):model ()
	for note in ARDOUR.LuaAPI.note_list (model):iter () do
		print (string.format ("note %d %s %s %d %d", note:note (), tostring (note:time ()),
			tostring (note:length ()), note:channel (), note:velocity ()))
	end
	print ("length " .. tostring (region:length ()))
end
assert (Session:save_state ("") == 0)
Session = nil
collectgarbage ()
close_session ()
quit ()
